// A browser without script: follows redirects by hand, keeps cookies, and sends the forms of pages as they stand.
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'", "&quot;": '"' };

function decoded(text) {
  return text.replace(/&(?:amp|lt|gt|quot|#34|#39);/g, (entity) => ENTITIES[entity]);
}

function attributes(tag) {
  return Object.fromEntries([...tag.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, decoded(value)]));
}

// The form of the page that has a field of this name: where it goes, and what is in it.
function formWith(html, field, base) {
  for (const [, tag, inside] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const inputs = [...inside.matchAll(/<input([^>]*)>/g)].map(([, input]) => attributes(input));
    if (!inputs.some((input) => input.name === field)) continue;
    const filled = inputs.filter((input) => input.type === "hidden").map((input) => [input.name, input.value]);
    return { url: new URL(attributes(tag).action || base, base), fields: Object.fromEntries(filled) };
  }
  throw new Error(`no form of ${base} has a field ${field}`);
}

export class Browser {
  #cookies = new Map();

  // The answer to this address, after the redirects of the service itself; one that leads elsewhere is not followed.
  async open(url, options = {}) {
    const origin = new URL(url).origin;
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { redirect: "manual", ...options, headers: { cookie, ...options.headers } });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        this.#cookies.set(name, value);
      }
      const location = response.headers.get("location");
      if (location === null) return { url: new URL(url), response, html: await response.text() };
      const next = new URL(location, url);
      if (next.origin !== origin) return { url: next, response };
      [url, options] = [next, {}];
    }
    throw new Error("redirects without end");
  }

  // Sign in on the page of the service, by the form that is on it, and stay signed in; where that leads.
  async signIn(url, loginId, password) {
    const page = await this.open(url);
    if (page.html === undefined) return page;
    const form = formWith(page.html, "loginId", page.url);
    const body = new URLSearchParams({ ...form.fields, loginId, password, rememberDevice: "true" });
    return this.open(form.url, { method: "POST", body });
  }
}
