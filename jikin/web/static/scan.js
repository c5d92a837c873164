// Forms with data-scan: a camera that reads a QR code into the form's field and sends the form.
//
// The browser's own reader is used where it has one for QR codes; else zxing in a worker, loaded when the camera is
// switched on. data-pattern says what our codes look like: another code is named and looking goes on.

const EVERY_MS = 120;
const HINT_AFTER_MS = 12000;
const WIDEST = 1280;

// Trusted Types: the only address of a script that is ever made from a text is that of our own worker.
const policy = globalThis.trustedTypes?.createPolicy("jikin", {
  createScriptURL(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/static/")) {
      throw new TypeError("not one of our scripts");
    }
    return url.href;
  },
});

function workerReader(address) {
  const worker = new Worker(policy === undefined ? address : policy.createScriptURL(address), { type: "module" });
  let waiting = null;
  worker.addEventListener("message", ({ data }) => {
    waiting?.resolve(data);
    waiting = null;
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    waiting?.reject(new Error("worker"));
    waiting = null;
  });
  return {
    read(image) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        worker.postMessage(image, [image.data.buffer]);
      });
    },
    close: () => worker.terminate(),
  };
}

async function nativeReader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (!formats.includes("qr_code")) {
    return null;
  }
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return {
    read: async (image) => (await detector.detect(image)).map((code) => code.rawValue),
    close: () => {},
  };
}

class Camera {
  constructor(form) {
    this.form = form;
    this.button = form.querySelector("[data-scan-start]");
    this.view = form.querySelector("[data-scan-view]");
    this.video = form.querySelector("video");
    this.said = form.querySelector("[data-scan-said]");
    this.field = form.querySelector("[data-scan-text]");
    this.pattern = form.dataset.pattern ? new RegExp(form.dataset.pattern, "iu") : null;
    this.canvas = document.createElement("canvas");
    this.reader = null;
    this.stream = null;
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.start());
    form.querySelector("[data-scan-stop]").addEventListener("click", () => {
      this.stop();
      this.tell("");
      this.button.focus();
    });
    globalThis.addEventListener("pagehide", () => this.stop());
  }

  tell(text) {
    if (this.said.textContent !== text) {
      this.said.textContent = text;
    }
  }

  async start() {
    this.button.hidden = true;
    this.tell("");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch {
      this.stop();
      this.tell(this.form.dataset.refused);
      this.button.focus();
      return;
    }
    this.view.hidden = false;
    this.video.srcObject = this.stream;
    this.form.querySelector("[data-scan-stop]").focus();
    this.tell(this.form.dataset.looking);
    try {
      await this.video.play();
      this.reader = (await nativeReader()) ?? workerReader(this.form.dataset.worker);
      await this.look();
    } catch {
      if (this.stream !== null) {
        this.stop();
        this.tell(this.form.dataset.none);
      }
    }
  }

  async look() {
    const since = performance.now();
    while (this.stream !== null) {
      const image = this.picture();
      const texts = image === null ? [] : await this.reader.read(image);
      const ours = texts.find((text) => this.pattern === null || this.pattern.test(text));
      if (this.stream === null) {
        return;
      }
      if (ours !== undefined) {
        this.found(ours);
        return;
      }
      if (texts.length > 0) {
        this.tell(this.form.dataset.other);
      } else if (performance.now() - since > HINT_AFTER_MS) {
        this.tell(this.form.dataset.none);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  picture() {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) {
      return null;
    }
    const scale = Math.min(1, WIDEST / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return context.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  found(text) {
    this.stop();
    this.tell(this.form.dataset.found);
    this.field.value = text;
    this.form.submit();
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.reader?.close();
    this.reader = null;
    this.view.hidden = true;
    this.button.hidden = false;
  }
}

if (navigator.mediaDevices?.getUserMedia) {
  for (const form of document.querySelectorAll("form[data-scan]")) {
    new Camera(form);
  }
} else {
  for (const form of document.querySelectorAll("form[data-scan]")) {
    form.querySelector("[data-scan-said]").textContent = form.dataset.refused;
  }
}
