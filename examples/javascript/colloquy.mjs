/**
 * A client of Colloquy in one file, for Node.js 20 or newer and for browsers: copy it into your
 * application. It needs no package.
 */

const TIMEOUT_MS = 35_000; // the API answers within 30 s, also when a model writes
const TRIES = 4;
const LONGEST_PAUSE_MS = 10_000;
const BUSY = [429, 503];

/** The API said no: `message` is a sentence for people, `code` is for programs. */
export class ColloquyError extends Error {
  constructor(status, said, headers) {
    // What API Gateway refuses by itself (a bad token, a throttle) has a message and no error.
    const error = said.error ?? said;
    super(error.message ?? `The server answered ${status}.`);
    this.name = "ColloquyError";
    this.status = status;
    this.code = error.code;
    this.param = error.param;
    this.requestId = error.request_id;
    this.retryAfterMs = 1000 * (Number(headers.get("retry-after")) || 0);
  }
}

/**
 * One user's conversations. What comes back is the API's JSON; its `etag`, where it has one, names
 * the state that was read.
 */
export class Colloquy {
  #token;
  #freshToken;

  /** `token` is the user's, or a function that returns a fresh one (or a promise of it). */
  constructor(url, token) {
    this.url = url.replace(/\/+$/, "");
    if (typeof token === "function") this.#freshToken = token;
    else this.#token = token;
  }

  // Conversations

  /** Create a conversation: `title`, `project_id`, `metadata`, first `items`. */
  create(fields = {}) {
    return this.#call("POST", "/v1/conversations", fields);
  }

  /** Yield every conversation, newest first: `project_id`, `order`, `archived`. */
  conversations(query = {}) {
    return this.#all("/v1/conversations", query);
  }

  /** Return a conversation with all its messages, also where they need several answers. */
  async open(conversationId) {
    const path = route`conversations/${conversationId}`;
    const found = await this.#call("GET", path);
    if (found.items_next_after) {
      const query = { order: "asc", limit: 100, after: found.items_next_after };
      for await (const item of this.#all(`${path}/items`, query)) found.items.push(item);
    }
    return found;
  }

  /** Change `title`, `project_id`, `metadata` or `archived`. */
  update(conversationId, fields, { ifMatch } = {}) {
    // POST does what PATCH does and takes an Idempotency-Key, so that it can be tried again.
    return this.#call("POST", route`conversations/${conversationId}`, fields, ifMatch);
  }

  /** Delete a conversation for good. */
  async delete(conversationId) {
    await this.#call("DELETE", route`conversations/${conversationId}`);
  }

  /** Delete up to 100 conversations; those that could not be are in `failed_ids`. */
  bulkDelete(conversationIds) {
    const body = { conversation_ids: conversationIds };
    return this.#call("POST", "/v1/conversations/bulk-delete", body);
  }

  // Keeping records

  /** Yield a conversation as a file, a very long one as several: json, markdown or html. */
  async *export(conversationId, form = "json") {
    let query = `format=${form}`;
    while (query) {
      const path = `${route`conversations/${conversationId}/export`}?${query}`;
      const { headers, text } = await this.#request("GET", path);
      yield text;
      query = headers.get("link")?.match(/<[^>]+\?([^>]+)>; rel="next"/)?.[1];
    }
  }

  /** Return the conversation that JSON files of `export` become, in their order. */
  async import(files) {
    let path = "/v1/conversations/import";
    let taken;
    for await (const file of files) {
      const upTo = JSON.parse(file).next_after;
      // A part that takes long is taken bit by bit: it is sent until all of it is.
      do {
        taken = await this.#call("POST", path, file);
        path = `/v1/conversations/import?import_id=${taken.id}`;
      } while ("next_after" in taken && !(upTo && taken.next_after === upTo));
    }
    return taken;
  }

  // Messages

  /** Append a message; `call_id` is a reference of your own. */
  send(conversationId, role, content, fields = {}) {
    const body = { role, content, ...fields };
    return this.#call("POST", route`conversations/${conversationId}/items`, body);
  }

  /** Yield every message, newest first: `order`, `call_id`, `limit` of each page. */
  messages(conversationId, query = {}) {
    return this.#all(route`conversations/${conversationId}/items`, query);
  }

  /** Return one message. */
  message(conversationId, itemId) {
    return this.#call("GET", route`conversations/${conversationId}/items/${itemId}`);
  }

  /** Give a message another text; with `ifMatch` only in the state that ETag names. */
  edit(conversationId, itemId, content, { ifMatch } = {}) {
    // POST does what PUT does and takes an Idempotency-Key, so that it can be tried again.
    const path = route`conversations/${conversationId}/items/${itemId}/edit`;
    return this.#call("POST", path, { content }, ifMatch);
  }

  /** Yield every text a message has had, newest first. */
  versions(conversationId, itemId) {
    return this.#all(route`conversations/${conversationId}/items/${itemId}/versions`);
  }

  /** Have a model write an assistant's message anew: `model`, `instructions`, …. */
  regenerate(conversationId, itemId, options = {}) {
    const path = route`conversations/${conversationId}/items/${itemId}/regenerate`;
    return this.#call("POST", path, options);
  }

  /** Delete one message; the others stay. */
  async deleteMessage(conversationId, itemId) {
    await this.#call("DELETE", route`conversations/${conversationId}/items/${itemId}`);
  }

  // Share links

  /** Make a public link: `expires_in` seconds, `read_only`, `title`. */
  share(conversationId, options = {}) {
    return this.#call("POST", route`conversations/${conversationId}/share`, options);
  }

  /** Make a public link to one message: `expires_in`, `include_context`. */
  shareMessage(conversationId, itemId, options = {}) {
    const path = route`conversations/${conversationId}/items/${itemId}/share`;
    return this.#call("POST", path, options);
  }

  /** Return what everybody sees who has the link. */
  shared(shareId) {
    return this.#call("GET", `/conversations/share/${encodeURIComponent(shareId)}?format=json`);
  }

  /** End a link now. */
  async revoke(conversationId, shareId) {
    await this.#call("DELETE", route`conversations/${conversationId}/share/${shareId}`);
  }

  // Projects

  /** Create a project: `description`, and `instructions` for the model. */
  createProject(title, fields = {}) {
    return this.#call("POST", "/v1/projects", { title, ...fields });
  }

  /** Yield the conversations that are filed in a project. */
  projectConversations(projectId) {
    return this.#all(route`projects/${projectId}/conversations`);
  }

  /** Delete a project; its conversations stay. */
  async deleteProject(projectId) {
    await this.#call("DELETE", route`projects/${projectId}`);
  }

  /** Yield what a list holds, page after page. */
  async *#all(path, query = {}) {
    let page;
    do {
      const asked = page ? { ...query, after: page.next_after } : query;
      page = await this.#call("GET", `${path}?${new URLSearchParams(asked)}`);
      yield* page.data;
    } while (page.next_after);
  }

  async #call(method, path, body, ifMatch) {
    const { headers, text } = await this.#request(method, path, body, ifMatch);
    const answer = JSON.parse(text || "{}");
    return Object.defineProperty(answer, "etag", { value: headers.get("etag") });
  }

  /** Send a request until it is answered, but not for ever. */
  async #request(method, path, body, ifMatch) {
    const headers = {};
    // The same key each time: a try whose answer was lost is not done again.
    if (method === "POST") headers["Idempotency-Key"] = crypto.randomUUID();
    if (ifMatch) headers["If-Match"] = ifMatch;
    for (let attempt = 1; ; attempt++) {
      let pause = (0.5 + Math.random() / 2) * 1000 * 2 ** (attempt - 1);
      const isRenewable = this.#freshToken && this.#token !== undefined;
      if (this.#freshToken) this.#token ??= await this.#freshToken();
      headers.Authorization = `Bearer ${this.#token}`;
      try {
        return await this.#send(method, path, headers, body);
      } catch (error) {
        // The token has expired. Browsers show that as a lost connection: the gateway's 401 has no
        // CORS headers.
        if (isRenewable && (error.status === 401 || error instanceof TypeError)) {
          this.#token = undefined;
          if (error.status === 401) continue;
        }
        // An earlier try did it, only its answer was lost.
        if (method === "DELETE" && error.status === 404 && attempt > 1) {
          return { headers: new Headers(), text: "" };
        }
        pause = Math.max(pause, error.retryAfterMs ?? 0);
        if (!mayPass(error) || pause > LONGEST_PAUSE_MS || attempt === TRIES) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #send(method, path, headers, body) {
    const options = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
    if (body !== undefined) {
      options.body = typeof body === "string" ? body : JSON.stringify(body);
      options.headers = { ...headers, "Content-Type": "application/json" };
    }
    const reply = await fetch(this.url + path, options);
    const text = await reply.text();
    if (!reply.ok) throw new ColloquyError(reply.status, jsonOr(text, {}), reply.headers);
    return { headers: reply.headers, text };
  }
}

function route(strings, ...values) {
  return "/v1/" + String.raw({ raw: strings }, ...values.map(encodeURIComponent));
}

/** Say whether the same request may succeed later: the API is busy, or was not reached. */
function mayPass(error) {
  if (error instanceof ColloquyError) return BUSY.includes(error.status);
  return error instanceof TypeError || error.name === "TimeoutError"; // as fetch rejects
}

/** Return what a text says, or something else where it is from something in between. */
function jsonOr(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}
