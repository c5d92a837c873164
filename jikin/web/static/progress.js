// Regions with data-refresh="seconds" and an id: fetched again from their own page and replaced, until the page comes
// without data-refresh on them. data-refresh-then="reload" opens the page anew when that happens.

const LONGEST_SECONDS = 60;

// XMLHttpRequest parses the page itself: under Trusted Types no text may become markup in a script.
function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.setRequestHeader("accept", "text/html");
    request.timeout = 20000;
    request.addEventListener("load", () => {
      if (request.status === 200 && request.responseXML !== null) {
        resolve(request.responseXML);
      } else {
        reject(new Error(String(request.status)));
      }
    });
    for (const kind of ["error", "timeout", "abort"]) {
      request.addEventListener(kind, () => reject(new Error(kind)));
    }
    request.send();
  });
}

function replace(region, fresh) {
  if (region.innerHTML === fresh.innerHTML) {
    return;
  }
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...region.querySelectorAll("details[open]")].map((fold) => fold.id).filter(Boolean);
  region.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  for (const id of open) {
    document.getElementById(id)?.setAttribute("open", "");
  }
  if (focused !== "") {
    document.getElementById(focused)?.focus();
  }
}

function start(region) {
  const every = Math.max(1, Number(region.dataset.refresh) || 5);
  let pause = every;
  const again = () => setTimeout(look, pause * 1000);
  async function look() {
    if (document.hidden) {
      again();
      return;
    }
    try {
      const page = await fetchPage(region.dataset.refreshUrl ?? location.href);
      const fresh = page.getElementById(region.id);
      if (fresh === null) {
        location.reload();
        return;
      }
      replace(region, fresh);
      pause = every;
      if (!fresh.hasAttribute("data-refresh")) {
        region.removeAttribute("data-refresh");
        if (region.dataset.refreshThen === "reload") {
          location.reload();
        }
        return;
      }
    } catch {
      // The service may be starting again: ask less and less often, and go on.
      pause = Math.min(LONGEST_SECONDS, pause * 2);
    }
    again();
  }
  again();
}

for (const region of document.querySelectorAll("[data-refresh][id]")) {
  start(region);
}
