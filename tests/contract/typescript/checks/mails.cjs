// Templates of mails and messages, and messengers, through the official client.
"use strict";

const { randomUUID } = require("node:crypto");
const { assert, body, check, codes, emptyOk, refusedEmpty } = require("../checking.cjs");

function emailTemplate(members) {
  const texts = { defaultSubject: "Hi", defaultTextTemplate: "Hi ${user.firstName}", defaultHtmlTemplate: "<b>Hi</b>" };
  return { emailTemplate: { name: randomUUID(), ...texts, ...members } };
}

check("an e-mail template is created, read, changed, searched and deleted", async ({ client }) => {
  const { emailTemplate: made } = await body(client.createEmailTemplate(undefined, emailTemplate()));
  assert.deepEqual((await body(client.retrieveEmailTemplate(made.id))).emailTemplate, made);
  const wanted = emailTemplate({ localizedSubjects: { de: "Hallo" } });
  const updated = (await body(client.updateEmailTemplate(made.id, wanted))).emailTemplate;
  assert.deepEqual(updated.localizedSubjects, { de: "Hallo" });
  const patched = (await body(client.patchEmailTemplate(made.id, { emailTemplate: { defaultSubject: "New" } })))
    .emailTemplate;
  assert.deepEqual([patched.defaultSubject, patched.localizedSubjects], ["New", { de: "Hallo" }]);
  const found = await body(client.searchEmailTemplates({ search: { name: patched.name } }));
  assert.deepEqual([found.total, found.emailTemplates], [1, [patched]]);
  const all = (await body(client.retrieveEmailTemplates())).emailTemplates;
  assert.ok(all.some((each) => each.id === made.id));
  await emptyOk(client.deleteEmailTemplate(made.id));
  await refusedEmpty(client.retrieveEmailTemplate(made.id), 404);
});

check("a directive that is not understood is refused, and a preview tells it", async ({ client }) => {
  const bad = emailTemplate({ defaultTextTemplate: "[#list users as user]x[/#list]" });
  const path = "emailTemplate.defaultTextTemplate";
  assert.deepEqual(await codes(client.createEmailTemplate(undefined, bad)), [`[invalid]${path}`]);
  const preview = await body(client.retrieveEmailTemplatePreview(bad));
  assert.deepEqual(Object.keys(preview.errors.fieldErrors), [path]);
  const good = await body(client.retrieveEmailTemplatePreview(emailTemplate()));
  assert.equal(good.email.text, "Hi Erika");
});

check("a messenger is created, read, changed and deleted", async ({ client }) => {
  const messenger = { name: randomUUID(), type: "Generic", url: "https://sms.example.com/send" };
  const { messenger: made } = await body(client.createMessenger(undefined, { messenger }));
  assert.deepEqual((await body(client.retrieveMessenger(made.id))).messenger, made);
  const replaced = { messenger: { ...messenger, debug: true } };
  assert.equal((await body(client.updateMessenger(made.id, replaced))).messenger.debug, true);
  const patched = await body(client.patchMessenger(made.id, { messenger: { headers: { "X-Token": "t" } } }));
  assert.deepEqual(patched.messenger.headers, { "X-Token": "t" });
  assert.ok((await body(client.retrieveMessengers())).messengers.some((each) => each.id === made.id));
  await emptyOk(client.deleteMessenger(made.id));
  await refusedEmpty(client.retrieveMessenger(made.id), 404);
});

check("a message template is created, previewed, changed and deleted", async ({ client }) => {
  const messageTemplate = { name: randomUUID(), type: "SMS", defaultTemplate: "Code ${code}" };
  const { messageTemplate: made } = await body(client.createMessageTemplate(undefined, { messageTemplate }));
  assert.deepEqual((await body(client.retrieveMessageTemplate(made.id))).messageTemplate, made);
  const preview = await body(client.retrieveMessageTemplatePreview({ messageTemplate }));
  assert.equal(preview.message.textMessage, "Code 123456");
  const patch = { messageTemplate: { localizedTemplates: { de: "Kode ${code}" } } };
  const patched = await body(client.patchMessageTemplate(made.id, patch));
  assert.deepEqual(patched.messageTemplate.localizedTemplates, { de: "Kode ${code}" });
  await emptyOk(client.deleteMessageTemplate(made.id));
  await refusedEmpty(client.retrieveMessageTemplate(made.id), 404);
});
