// Forms with data-passkey="create" or "get": asks the authenticator, puts its answer into hidden fields, sends the form.
//
// The options come from data-public-key (JSON in the page) or from the address in data-options, which is asked by POST
// with the fields of the form. An answer {"publicKey": {…}, "name": "text"} also fills the hidden fields it names.
// Sent are `response` (the credential as JSON) and, where the authenticator has the PRF extension, `prf` (base64url).

function bytesOf(text) {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}

function textOf(buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function put(form, name, value) {
  let field = form.elements.namedItem(name);
  if (field === null) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    form.append(field);
  }
  field.value = value;
}

async function optionsOf(form) {
  if (form.dataset.publicKey) {
    return JSON.parse(form.dataset.publicKey);
  }
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
    redirect: "error",
  });
  const said = await answer.json();
  if (!answer.ok) {
    throw new Error(said.code ?? String(answer.status));
  }
  if (said.publicKey === undefined) {
    return said;
  }
  for (const [name, value] of Object.entries(said)) {
    if (typeof value === "string") {
      put(form, name, value);
    }
  }
  return said.publicKey;
}

// Older browsers read the rest of the options from JSON and not the extension.
function withPrf(publicKey, json) {
  const salt = json.extensions?.prf?.eval?.first;
  if (salt !== undefined) {
    publicKey.extensions = { ...publicKey.extensions, prf: { eval: { first: bytesOf(salt) } } };
  }
  return publicKey;
}

async function ask(kind, json) {
  if (kind === "create") {
    const publicKey = withPrf(PublicKeyCredential.parseCreationOptionsFromJSON(json), json);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = withPrf(PublicKeyCredential.parseRequestOptionsFromJSON(json), json);
  return navigator.credentials.get({ publicKey });
}

async function run(form) {
  const kind = form.dataset.passkey;
  const credential = await ask(kind, await optionsOf(form));
  const secret = credential.getClientExtensionResults().prf?.results?.first;
  const response = credential.toJSON();
  // The result of the PRF opens a vault: it goes into its own field and nowhere else.
  delete response.clientExtensionResults?.prf?.results;
  put(form, "response", JSON.stringify(response));
  if (secret !== undefined) {
    put(form, "prf", textOf(secret));
  }
}

function start(form) {
  const said = form.querySelector("[data-passkey-said]");
  const tell = (text) => {
    if (said !== null) {
      said.textContent = text;
    }
  };
  let busy = false;
  // Somebody who comes back to the page by the back button may ask again.
  globalThis.addEventListener("pageshow", () => {
    busy = false;
    tell("");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) {
      return;
    }
    if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
      tell(form.dataset.missing);
      return;
    }
    busy = true;
    tell(form.dataset.waiting);
    try {
      await run(form);
      form.submit();
    } catch (error) {
      tell(`${form.dataset.refused} (${error.name === "Error" ? error.message : error.name})`);
      busy = false;
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  start(form);
}
