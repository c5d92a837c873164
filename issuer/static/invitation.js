// An invitation link carries its code behind the #, which browsers send to nobody: put it into the form and send that.

const form = document.querySelector("form[data-invitation]");

function take() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (form === null || code === "") {
    return;
  }
  // Out of the address bar and the history before anything else happens.
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.namedItem("code").value = code;
  form.submit();
}

// The link may also be opened where this page is open already.
window.addEventListener("hashchange", take);
take();
