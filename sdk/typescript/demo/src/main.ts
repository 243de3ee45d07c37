/** The page at `/`: says that the server is there, and how it is. */

async function show(app: HTMLElement): Promise<void> {
  const health = await fetch("/health/ready");
  const title = document.createElement("h1");
  title.textContent = "Unisono";
  const text = document.createElement("p");
  text.textContent = health.ok ? "The server is ready." : "The server is not ready yet.";
  app.replaceChildren(title, text);
}

const app = document.getElementById("app");
if (app !== null) {
  void show(app);
}
