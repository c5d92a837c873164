// data-share: the system's own share sheet, where there is one. data-copy: the text of a field to the clipboard.
// The buttons are hidden in the page and shown here, since they can do nothing without a script.

for (const button of document.querySelectorAll("[data-share]")) {
  const content = { url: new URL(button.dataset.share, location.href).href, title: button.dataset.shareTitle };
  if (navigator.canShare?.(content)) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.share(content);
      } catch (error) {
        if (error.name !== "AbortError") {
          throw error;
        }
      }
    });
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.querySelector(`[data-copy-said="${CSS.escape(button.dataset.copy)}"]`);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = field.value ?? field.textContent;
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copied = false;
      field.select?.();
    }
    said.textContent = copied ? button.dataset.copied : button.dataset.notCopied;
  });
}
