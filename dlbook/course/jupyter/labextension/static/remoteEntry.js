// A JupyterLab extension without a build step: the container that JupyterLab asks for plugins, and one plugin.
// It adds "Download my work" to the top bar, and on Binder warns before an idle session is stopped.
(() => {
  "use strict";

  // The base class of all Lumino widgets, found above the shell's own class.
  const widgetClass = (shell) => {
    let found = shell.constructor;
    for (let above = Object.getPrototypeOf(found); above !== Function.prototype; above = Object.getPrototypeOf(found)) {
      found = above;
    }
    return found;
  };

  const download = async (app, base) => {
    await app.commands.execute("docmanager:save-all");
    const link = document.createElement("a");
    link.href = `${base}dlbook/work.zip`;
    link.download = "dlbook-work.zip";
    link.click();
  };

  const warn = (words, onDownload, onStay) => {
    const banner = document.createElement("div");
    banner.id = "dlbook-idle";
    banner.setAttribute("role", "alertdialog");
    banner.setAttribute("aria-label", words.warning);
    banner.style.cssText =
      "position:fixed;top:40px;left:50%;transform:translateX(-50%);z-index:10000;background:#fff3cd;color:#222;" +
      "border:2px solid #b8860b;border-radius:6px;padding:12px 16px;max-width:36em;font-size:15px;line-height:1.4";
    const text = document.createElement("p");
    text.textContent = words.warning;
    text.style.margin = "0 0 8px";
    const keep = button(words.download, onDownload);
    const stay = button(words.stay, () => {
      banner.remove();
      onStay();
    });
    stay.style.marginLeft = "8px";
    banner.append(text, keep, stay);
    document.body.append(banner);
    keep.focus();
  };

  const button = (label, onClick) => {
    const made = document.createElement("button");
    made.textContent = label;
    made.className = "jp-Button jp-mod-styled jp-mod-accept";
    made.addEventListener("click", onClick);
    return made;
  };

  const watch = (words, seconds, onDownload) => {
    let last = Date.now();
    const seen = () => {
      last = Date.now();
    };
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      document.addEventListener(kind, seen, { passive: true, capture: true });
    }
    setInterval(() => {
      if (Date.now() - last > 1000 * seconds && !document.getElementById("dlbook-idle")) {
        warn(words, onDownload, seen);
      }
    }, 1000);
  };

  const plugin = {
    id: "dlbook:work",
    autoStart: true,
    activate: async (app) => {
      const base = app.serviceManager.serverSettings.baseUrl;
      const answer = await fetch(`${base}dlbook/state?language=${encodeURIComponent(navigator.language)}`);
      if (!answer.ok) {
        return;
      }
      const state = await answer.json();
      const node = document.createElement("div");
      const shown = button(state.words.download, () => download(app, base));
      shown.style.cssText = "height:22px;min-height:22px;line-height:22px;margin:3px 8px;padding:0 10px;font-size:12px";
      node.append(shown);
      const holder = new (widgetClass(app.shell))({ node });
      holder.id = "dlbook-download";
      app.shell.add(holder, "top", { rank: 10000 });
      if (state.idle_seconds) {
        watch(state.words, state.idle_seconds, () => download(app, base));
      }
    },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.dlbook = {
    init: async () => {},
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
