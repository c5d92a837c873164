// Elements with data-drop: files dropped on them go into the file field of their form, as if chosen there.
// data-drop="send" sends the form at once.

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

function start(place) {
  const field = place.querySelector('input[type="file"]');
  let depth = 0;
  place.addEventListener("dragenter", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      depth += 1;
      place.classList.add("is-over");
    }
  });
  place.addEventListener("dragover", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
  });
  place.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) {
      place.classList.remove("is-over");
    }
  });
  place.addEventListener("drop", (event) => {
    depth = 0;
    place.classList.remove("is-over");
    if (!hasFiles(event)) {
      return;
    }
    event.preventDefault();
    const chosen = new DataTransfer();
    const files = field.multiple ? [...event.dataTransfer.files] : [...event.dataTransfer.files].slice(0, 1);
    for (const file of files) {
      chosen.items.add(file);
    }
    field.files = chosen.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    if (place.dataset.drop === "send" && files.length > 0) {
      field.form.requestSubmit();
    }
  });
}

// A file dropped beside the door would otherwise replace the page.
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (hasFiles(event) && !event.defaultPrevented) {
      event.preventDefault();
    }
  });
}

for (const place of document.querySelectorAll("[data-drop]")) {
  start(place);
}
