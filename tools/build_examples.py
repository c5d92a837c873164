"""Write the example lists in examples/data/: results of examinations and certified machines, all invented.

The same files come out every time. Names are put together from common family names and given-name syllables, with one
romanisation for each; birth dates, numbers and makers are made up. exam-results.csv has exactly eight rows that must be
refused, each for another reason: they stand in BAD_ROWS.

Use: python tools/build_examples.py [--check]     (--check writes nothing, and says whether the files are up to date)
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "examples" / "data"
QUALIFICATIONS = ROOT / "schemas" / "credentials" / "national-technical-qualification" / "qualifications.json"
GOOD_ROWS = 520
SEED = 20260612

FAMILIES = {
    "김": "Kim", "이": "Lee", "박": "Park", "최": "Choi", "정": "Jung", "강": "Kang", "조": "Cho", "윤": "Yoon",
    "장": "Jang", "임": "Lim", "한": "Han", "오": "Oh", "서": "Seo", "신": "Shin", "권": "Kwon", "황": "Hwang",
    "안": "Ahn", "송": "Song", "전": "Jeon", "홍": "Hong", "유": "Yoo", "고": "Ko", "문": "Moon", "양": "Yang",
    "손": "Son", "배": "Bae", "백": "Baek", "허": "Heo", "남": "Nam", "심": "Shim", "노": "Noh", "하": "Ha",
    "곽": "Kwak", "성": "Sung", "차": "Cha", "주": "Joo", "우": "Woo", "구": "Koo", "나": "Na", "민": "Min",
    "남궁": "Namgung", "선우": "Sunwoo",
}  # fmt: skip
# The first families bear most of the people, as everywhere in Korea.
WEIGHTS = [21, 15, 8, 5, 5, 4, 4, 4] + [2] * 10 + [1] * (len(FAMILIES) - 18)
FIRST = {
    "서": "Seo", "민": "Min", "지": "Ji", "도": "Do", "예": "Ye", "하": "Ha", "주": "Ju", "준": "Jun", "현": "Hyeon",
    "수": "Su", "은": "Eun", "태": "Tae", "승": "Seung", "재": "Jae", "유": "Yu", "건": "Geon", "성": "Seong",
    "혜": "Hye", "경": "Gyeong", "윤": "Yun", "시": "Si", "동": "Dong", "정": "Jeong", "영": "Yeong",
}  # fmt: skip
SECOND = {
    "준": "Jun", "우": "U", "연": "Yeon", "은": "Eun", "빈": "Bin", "진": "Jin", "호": "Ho", "현": "Hyeon",
    "원": "Won", "아": "A", "린": "Rin", "희": "Hui", "훈": "Hun", "석": "Seok", "수": "Su", "인": "In", "민": "Min",
    "주": "Ju", "환": "Hwan", "미": "Mi", "철": "Cheol", "숙": "Suk",
}  # fmt: skip
WHOLE = {
    "하늘": "Ha-neul", "한별": "Han-byeol", "보람": "Bo-ram", "슬기": "Seul-gi", "다솜": "Da-som",
    "한결": "Han-gyeol", "가람": "Ga-ram", "아름": "A-reum", "새봄": "Sae-bom", "누리": "Nu-ri",
}  # fmt: skip
FOREIGN = (("응우옌티하", "Nguyen Thi Ha"), ("알렉산드라", "Alexandra Konstantinopoulou"), ("바트바야르", "Batbayar"))
HEADER = ["수험번호", "성명", "영문성명", "생년월일", "종목코드", "종목명", "시행회차", "취득점수", "합격일자"]
OLD_HEADER = ["수검번호", "이름", "영문이름", "생일", "자격종목코드", "자격종목", "회차", "점수", "합격일"]
MACHINE_HEADER = [
    "접수번호", "기계종류", "모델", "용량·등급", "제조번호(시작)", "제조번호(끝)", "제조사", "제조사(영문)", "제조국",
    "제조공장", "인증기준", "인증일자",
]  # fmt: skip

# Line of the file (the header is line 1) → column, what stands there instead, and the fault it must give.
BAD_ROWS: dict[int, tuple[str, str, str]] = {
    17: ("생년월일", "2003-13-02", "record.no-such-date"),
    58: ("성명", "", "record.empty"),
    121: ("성명", "이서준2", "record.not-a-name"),
    204: ("종목코드", "7857", "record.unknown-code"),
    266: ("합격일자", "2062-05-29", "record.in-the-future"),
    333: ("성명", "김하늘 (전화로 확인함, 주민등록상 이름은 김하을이며 개명 신청 중이라고 함)", "record.too-long"),
    401: ("성명", "박지\u200b우", "record.hidden-character"),
    487: ("취득점수", "820", "record.out-of-range"),
}
# The person of the documentation and the demonstration stands first.
_SAMPLE = "26020529-0000|김하늘|Kim Ha-neul|2003-04-17|7875|지게차운전기능사|2026년 정기 기능사 2회|82|2026-05-29"
SAMPLE = dict(zip(HEADER, _SAMPLE.split("|"), strict=True))
# Passed on, round: the examinations of the list.
ROUNDS = (
    (date(2026, 5, 29), "2026년 정기 기능사 2회"),
    (date(2026, 6, 5), "2026년 상시 기능사 11회"),
    (date(2026, 6, 12), "2026년 정기 기사 1회"),
)


def _person(source: random.Random) -> tuple[str, str]:
    """Return a Korean name and its romanisation."""
    if source.random() < 0.01:
        return source.choice(FOREIGN)
    family = source.choices(list(FAMILIES), WEIGHTS)[0]
    if source.random() < 0.12:
        given, romanised = source.choice(list(WHOLE.items()))
    else:
        first, second = source.choice(list(FIRST)), source.choice(list(SECOND))
        given, romanised = first + second, f"{FIRST[first]}-{SECOND[second].lower()}"
    return family + given, f"{FAMILIES[family]} {romanised}"


def _results(source: random.Random, count: int, codes: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    rows = []
    for position in range(count):
        code = source.choices(list(codes), [9 if name == "7875" else 3 for name in codes])[0]
        engineer = codes[code]["name_en"].startswith(("Engineer", "Industrial"))
        passed, held = ROUNDS[2] if engineer else ROUNDS[position % 2]
        born = passed - timedelta(days=source.randint(17 * 365, 61 * 365))
        korean, english = _person(source)
        rows.append(
            {
                "수험번호": f"26{source.randint(1, 6):02d}{passed:%m%d}-{position + 1:04d}",
                "성명": korean,
                "영문성명": english if source.random() < 0.94 else "",
                "생년월일": born.isoformat(),
                "종목코드": code,
                "종목명": codes[code]["name_ko"],
                "시행회차": held,
                "취득점수": str(source.randint(60, 98)) if source.random() < 0.9 else "",
                "합격일자": passed.isoformat(),
            }
        )
    return rows


def _csv(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([header, *rows])
    return out.getvalue()


def exam_results(codes: dict[str, dict[str, str]]) -> bytes:
    """Return exam-results.csv (UTF-8): 520 good rows, and the eight of BAD_ROWS at their lines."""
    source = random.Random(SEED)  # noqa: S311  # invented people need no secret
    rows = [SAMPLE, *_results(source, GOOD_ROWS + len(BAD_ROWS) - 1, codes)]
    for line, (column, found, _) in BAD_ROWS.items():
        rows[line - 2][column] = found
        if column == "종목코드":
            rows[line - 2]["종목명"] = ""
    return _csv(HEADER, [[row[name] for name in HEADER] for row in rows]).encode("utf-8")


def exam_results_cp949() -> bytes:
    """Return exam-results-cp949.csv: two dozen rows as an older office program writes them (CP949, dates with dots)."""
    source = random.Random(SEED + 1)  # noqa: S311
    codes = {
        "7910": {"name_ko": "한식조리기능사", "name_en": "Craftsman"},
        "7920": {"name_ko": "제과기능사", "name_en": ""},
    }
    rows = _results(source, 24, codes)
    for row in rows:
        for name in ("생년월일", "합격일자"):
            row[name] = row[name].replace("-", ".")
    return _csv(OLD_HEADER, [[row[name] for name in HEADER] for row in rows]).encode("cp949")


def machines() -> bytes:
    """Return machines.csv (UTF-8): a crane, a forklift and a pressure vessel of makers that do not exist."""
    rows = (
        (
            *("S26-00412", "A01", "NR-CT 63/10", "정격하중 10 t, 지브 길이 63 m", "NRCT-26-0007", ""),
            *("누리중기(주)", "Nuri Heavy Machinery Co., Ltd.", "KR", "전라남도 한여울군 새들산단로 88"),
            *("안전인증 고시 별표 2 (크레인)", "2026-06-03"),
        ),
        (
            *("S26-00417", "A04", "HL-30D", "정격하중 3.0 t, 최대 인상높이 4,500 mm", "HL30D-2600001", "HL30D-2600250"),
            *("한울리프트(주)", "Hanul Lift Co., Ltd.", "KR", "경상남도 새봄시 공단로 12"),
            *("안전인증 고시 별표 3 (지게차)", "2026-06-12"),
        ),
        (
            *("S26-00431", "B01", "GV-2000/16", "내용적 2.0 m³, 설계압력 1.6 MPa", "GV-260155", "GV-260160"),
            *("그린베슬", "Greenvessel Druckbehälter GmbH", "DE", "Werkstraße 4, Neuhafen"),
            *("안전인증 고시 별표 4 (압력용기)", "2026-06-10"),
        ),
    )
    return _csv(MACHINE_HEADER, [list(row) for row in rows]).encode("utf-8")


def build() -> dict[str, bytes]:
    """Return the example files by name."""
    codes = json.loads(QUALIFICATIONS.read_text(encoding="utf-8"))
    return {
        "exam-results.csv": exam_results(codes),
        "exam-results-cp949.csv": exam_results_cp949(),
        "machines.csv": machines(),
    }


def main(arguments: list[str]) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="write the example lists")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not up to date")
    options = parser.parse_args(arguments)
    files = build()
    stale = [name for name, data in files.items() if _read(TARGET / name) != data]
    if options.check:
        print(f"examples: {len(stale)} of {len(files)} files are not up to date {' '.join(stale)}".rstrip())
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (TARGET / name).write_bytes(data)
    print(f"examples: {len(files)} files written, {len(stale)} of them new")
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
