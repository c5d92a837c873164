// Shows the description of the interface with Swagger UI, which was loaded before.

const place = document.getElementById("docs");

SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  deepLinking: false,
  validatorUrl: null,
  onComplete() {
    // It brings a main part of its own: ours steps back, and what lies beside becomes a region.
    document.getElementById("main").removeAttribute("role");
    for (const part of place.querySelectorAll(".information-container, .scheme-container, .models")) {
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", part.className.split(" ")[0]);
    }
    for (const [selector, level] of [["h1, h2", "2"], ["h3", "3"], ["h4, h5", "4"]]) {
      for (const heading of place.querySelectorAll(selector)) {
        heading.setAttribute("aria-level", level);
      }
    }
  },
});
