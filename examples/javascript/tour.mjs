/** A tour of Colloquy: does what a chat application does, and prints what happens. */

import { Colloquy, ColloquyError } from "./colloquy.mjs";

const NOBODYS = "conv_00000000000000000000000000";

/** Take the tour as the user of COLLOQUY_TOKEN. */
async function main() {
  const url = process.env.COLLOQUY_URL || "http://localhost:8000";
  const token = process.env.COLLOQUY_TOKEN;
  if (!token) throw new Error("Set COLLOQUY_TOKEN: `make -s token USER=alice` prints one.");
  try {
    await tour(new Colloquy(url, token));
  } catch (error) {
    if (error instanceof ColloquyError) throw new Error(`${error.message} (${error.status})`);
    if (!error.cause) throw error;
    const why = error.cause.message;
    throw new Error(`Nobody answers at ${url} (${why}). \`make run\` in another terminal starts it.`);
  }
}

/** Take every step. */
async function tour(colloquy) {
  const { project, trip } = await create(colloquy);
  const { question, answer } = await talk(colloquy, trip);
  await edit(colloquy, trip, question);
  await regenerate(colloquy, trip, answer);
  await share(colloquy, trip, answer);
  const files = await exportAll(colloquy, trip);
  await remove(colloquy, project, trip);
  await restore(colloquy, files);
}

/** Make a project with a conversation in it. */
async function create(colloquy) {
  console.log("Create");
  const project = await colloquy.createProject("Travel", { description: "Where to go, and when" });
  say("a project", project.id);
  const trip = await colloquy.create({ title: "Lisbon", project_id: project.id });
  say("a conversation in it", trip.id);
  const renamed = await colloquy.update(trip.id, { title: "Three days in Lisbon" });
  say("with another title", renamed.title);
  const filed = await all(colloquy.projectConversations(project.id));
  say("filed in the project", filed.map((each) => each.title));
  say("a typo is refused", await refusal(colloquy.create({ titel: "Lisbon" })));
  return { project: project.id, trip: trip.id };
}

/** Write messages, and read them page by page. */
async function talk(colloquy, trip) {
  console.log("Talk");
  const reference = { call_id: "app-1" };
  const question = await colloquy.send(trip, "user", "What should I see in Lisbon?", reference);
  const said = "The castle, Belém, and a tram up the hills.";
  const answer = await colloquy.send(trip, "assistant", said);
  let last;
  for (const content of ["And to eat?", "Is it warm in May?", "This one is a slip."]) {
    last = await colloquy.send(trip, "user", content);
  }
  await colloquy.deleteMessage(trip, last.id);
  const opened = await colloquy.open(trip);
  say("messages, after one was deleted", opened.item_count);
  for await (const item of colloquy.messages(trip, { order: "asc", limit: 2 })) {
    say(item.role, item.content);
  }
  const found = await all(colloquy.messages(trip, reference));
  say("found by its call_id", found.map((item) => item.content));
  return { question: question.id, answer: answer.id };
}

/** Edit a message in two windows at once: neither overwrites what it has not seen. */
async function edit(colloquy, trip, question) {
  console.log("Edit");
  let seen = await colloquy.message(trip, question);
  const early = "What should I see in Lisbon in May?";
  await colloquy.edit(trip, question, early, { ifMatch: seen.etag });
  const late = "What should I see in Lisbon with children?";
  const second = colloquy.edit(trip, question, late, { ifMatch: seen.etag });
  say("the other window is told", await refusal(second));
  seen = await colloquy.message(trip, question);
  await colloquy.edit(trip, question, late, { ifMatch: seen.etag });
  for await (const version of colloquy.versions(trip, question)) {
    say(`version ${version.version}`, version.content);
  }
}

/** Have a model write the answer anew, where there is one. */
async function regenerate(colloquy, trip, answer) {
  console.log("Regenerate");
  try {
    const written = await colloquy.regenerate(trip, answer, { max_tokens: 60 });
    say(`${written.model} says`, written.content);
  } catch (error) {
    if (!(error instanceof ColloquyError)) throw error;
    say(`no model answers (${error.status})`, error.message);
  }
}

/** Make public links, look through one as everybody can, and end it. */
async function share(colloquy, trip, answer) {
  console.log("Share");
  const link = await colloquy.share(trip, { expires_in: 86400, read_only: true });
  say("a link for a day", link.url);
  const asked = { expires_in: 3600, include_context: true };
  const one = await colloquy.shareMessage(trip, answer, asked);
  say("a link to one answer", one.url);
  const shown = await colloquy.shared(one.share_id);
  say("it shows", shown.items.map((item) => item.role));
  await colloquy.revoke(trip, link.share_id);
  say("the first, revoked", await refusal(colloquy.shared(link.share_id)));
}

/** Take the conversation along, to read it and to have it back. */
async function exportAll(colloquy, trip) {
  console.log("Export");
  const markdown = (await all(colloquy.export(trip, "markdown"))).join("");
  say("as Markdown, it begins with", markdown.split("\n")[0]);
  const files = await all(colloquy.export(trip));
  say("files of JSON, as it is a short one", files.length);
  return files;
}

/** Delete conversations, one and many. */
async function remove(colloquy, project, trip) {
  console.log("Delete");
  await colloquy.delete((await colloquy.create({ title: "Not this one" })).id);
  const other = await colloquy.create({ title: "Nor this one" });
  const done = await colloquy.bulkDelete([trip, other.id, NOBODYS]);
  say("deleted", done.deleted_count);
  say("not there", done.failed_ids);
  say("from now on", await refusal(colloquy.open(trip)));
  await colloquy.deleteProject(project);
}

/** Have the conversation back from the files; this one stays. */
async function restore(colloquy, files) {
  console.log("Import");
  const back = await colloquy.import(files);
  say("back under another id", back.id);
  for (const item of (await colloquy.open(back.id)).items) {
    say(`${item.role}, version ${item.version}`, item.content);
  }
}

/** Print a line. */
function say(what, value) {
  const shown = Array.isArray(value) ? value.join(", ") : String(value);
  console.log(`  ${what}: ${shown.trim().replace(/\s+/g, " ")}`);
}

/** Return everything a generator yields. */
async function all(generator) {
  const found = [];
  for await (const each of generator) found.push(each);
  return found;
}

/** Return the sentence with which the API refuses a call. */
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    if (error instanceof ColloquyError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
