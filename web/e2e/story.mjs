/** What a person does in the browser, from the first log-in to a map on the screen. */
import { drawnFraction, expect } from "./browser.mjs";

/** A field of the job form by its label. */
const field = (page, label) => page.getByLabel(label, { exact: true });
/** The state word in the head of a job page. */
const state = (page, word) => page.locator(".page-head .status", { hasText: word });

async function newJob(page, type) {
  await page.getByRole("button", { name: "New job" }).click();
  await page.getByRole("dialog").getByRole("button", { name: type }).first().click();
  await page.waitForURL(/\/jobs\/J\d+/);
  await page.getByRole("button", { name: "Queue job" }).waitFor();
}

async function openTab(page, name) {
  await page.getByRole("tab", { name }).click();
}

/** @param {{page: import("playwright-core").Page, context: import("playwright-core").BrowserContext, server: import("./server.mjs").Server, story: import("./browser.mjs").Story, read: (path: string) => Buffer}} world */
export async function steps({ page, context, server, story, read }) {
  await story.step("a wrong password is refused with a reason", async () => {
    await page.goto(server.url);
    await page.getByLabel("E-mail").fill(server.email);
    await page.getByLabel("Password").first().fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").filter({ hasText: /wrong/i }).waitFor();
  });

  await story.step("log in", async () => {
    await page.getByLabel("Password").first().fill(server.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("No projects yet").waitFor();
    await page.locator(".live", { hasText: "live" }).waitFor();
  });

  await story.step("create a project", async () => {
    await page.getByRole("button", { name: "New project" }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("First light");
    await page.getByRole("button", { name: "Create project" }).click();
    await page.getByRole("heading", { name: "First light" }).waitFor();
    await page.getByText("No jobs yet").waitFor();
  });

  await story.step("bad values are shown at their fields, and the job is not queued", async () => {
    await newJob(page, "Simulate particles");
    await field(page, "Signal-to-noise ratio").fill("abc");
    await field(page, "Voltage").fill("-3");
    await field(page, "Box size").fill("33");
    await page.getByRole("button", { name: "Queue job" }).click();
    await page.getByText("“abc” is not a number.").waitFor();
    await page.getByText("Must be at least 10 kV.").waitFor();
    // the box is a whole number in range: only the server knows that it must be even, and says so beside the others
    await page.getByText("3 things are missing or wrong").waitFor();
    await page.locator("#param-box_size-error").filter({ hasText: /even/ }).waitFor();
    await state(page, "building").waitFor();
    await field(page, "Signal-to-noise ratio").fill("0.5");
    await field(page, "Voltage").fill("");
    await page.getByText("One thing is missing or wrong").waitFor();
  });

  await story.step("queue and watch live", async () => {
    await field(page, "Box size").fill("48");
    await field(page, "Particles").fill("400");
    await field(page, "Pixel size").fill("4");
    await page.getByText("missing or wrong").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Queue job" }).click();
    await state(page, /launched|started|running|completed/).waitFor();
    await state(page, "completed").waitFor({ timeout: 180_000 });
  });

  await story.step("figures are drawn", async () => {
    await page.locator("[data-figure-id]").first().waitFor();
    expect((await page.locator("[data-figure-id]").count()) >= 2, "fewer than two figures on the page");
    const image = page.locator(".montage canvas").first();
    await image.waitFor();
    expect((await drawnFraction(image)) > 0.03, "the first image of the montage is blank");
    expect((await page.locator("[data-statistic='particles'] dd").innerText()).includes("400"), "the number of particles is not shown");
  });

  await story.step("a figure's data are downloaded", async () => {
    const figure = page.locator("[data-figure-id]", { has: page.locator("svg[data-figure]") }).first();
    await figure.getByRole("button", { name: "Download figure" }).click();
    const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "CSV data" }).click()]);
    const rows = read(await csv.path()).toString().trim().split("\r\n");
    expect(rows.length > 5 && rows[1].split(",").slice(-1)[0] !== "", `the CSV file has ${rows.length} rows`);
    await figure.getByRole("button", { name: "Download figure" }).click();
    const [png] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "PNG image" }).click()]);
    expect(read(await png.path()).subarray(1, 4).toString() === "PNG", "the PNG file is none");
  });

  await story.step("the event log tells what happened", async () => {
    await openTab(page, "Event log");
    await page.getByRole("log").getByText(/Started on/).waitFor();
  });

  await story.step("outputs are downloaded whole", async () => {
    await openTab(page, "Outputs");
    const link = page.getByRole("link", { name: /\.mrc$/ }).first();
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const bytes = read(await download.path());
    expect(bytes.subarray(208, 211).toString() === "MAP", "the downloaded map is no MRC file");
    expect(bytes.readInt32LE(0) === 48 && bytes.length >= 1024 + 48 ** 3 * 4, `the map has ${bytes.length} bytes, ${bytes.readInt32LE(0)} columns`);
  });

  await story.step("the isosurface and the slices are drawn", async () => {
    await openTab(page, "3D view");
    const canvas = page.locator(".surface canvas");
    await page.waitForFunction(() => Number(document.querySelector(".surface canvas")?.getAttribute("data-triangles")) > 500);
    await page.waitForTimeout(300);
    const before = await drawnFraction(canvas);
    expect(before > 0.02 && before < 0.95, `the surface covers ${before} of its canvas`);
    expect((await drawnFraction(page.locator(".slices canvas").first())) > 0.02, "the slice is blank");
    const triangles = await canvas.getAttribute("data-triangles");
    const threshold = page.getByRole("slider", { name: "Threshold" });
    await threshold.focus();
    for (let i = 0; i < 25; i++) await threshold.press("ArrowRight");
    await page.waitForFunction((old) => document.querySelector(".surface canvas")?.getAttribute("data-triangles") !== old, triangles);
    const box = await canvas.boundingBox();
    const picture = await canvas.screenshot();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2 + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForTimeout(300);
    expect(!picture.equals(await canvas.screenshot()), "dragging does not turn the surface");
  });

  await story.step("clone, and keep the parameters", async () => {
    await page.getByRole("button", { name: "Clone" }).click();
    await page.waitForURL(/\/jobs\/J2/);
    await state(page, "building").waitFor();
    expect((await field(page, "Box size").inputValue()) === "48", "the clone lost its parameters");
  });

  await story.step("a running job and the page outlive a restart of the server", async () => {
    await field(page, "Particles").fill("3000000");
    await page.getByText("All changes saved").waitFor();
    await page.getByRole("button", { name: "Queue job" }).click();
    await state(page, "running").waitFor({ timeout: 60_000 });
    await page.getByRole("progressbar").waitFor({ timeout: 60_000 });
    await server.stop();
    await page.locator(".live", { hasText: "reconnecting" }).waitFor();
    await server.start();
    await page.locator(".live", { hasText: /^ *live/ }).waitFor({ timeout: 60_000 });
    await state(page, "running").waitFor();
    const done = () => page.getByRole("progressbar").first().locator("xpath=..").innerText();
    const before = await done();
    await page.waitForFunction((old) => document.querySelector("[role=progressbar]")?.parentElement?.innerText !== old, before);
  });

  await story.step("kill a running job", async () => {
    const began = Date.now();
    await page.getByRole("button", { name: "Kill" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Kill job" }).click();
    await state(page, "killed").waitFor({ timeout: 15_000 });
    expect(Date.now() - began < 15_000, "killing took too long");
  });

  await story.step("clear it, and it can be built again", async () => {
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Clear job" }).click();
    await state(page, "building").waitFor();
    expect((await field(page, "Particles").inputValue()) === "3000000", "clearing lost the parameters");
  });

  await story.step("cards, graph and table show the jobs", async () => {
    await page.getByRole("link", { name: /First light/ }).click();
    await page.locator("[data-job='J1']", { hasText: "completed" }).waitFor();
    await page.getByText("Graph", { exact: true }).click();
    await page.locator(".graph-node").first().waitFor();
    await page.getByText("Table", { exact: true }).click();
    await page.getByRole("cell", { name: "J1" }).waitFor();
    await page.getByText("Cards", { exact: true }).click();
  });

  await story.step("a change from elsewhere appears by itself", async () => {
    const cookies = (await context.cookies()).map((c) => `${c.name}=${c.value}`).join("; ");
    const answer = await fetch(`${server.url}/api/v1/projects/P1/jobs/J2`, {
      method: "PATCH",
      headers: { cookie: cookies, "content-type": "application/json", origin: server.url },
      body: JSON.stringify({ title: "Renamed by a script" }),
    });
    expect(answer.ok, `PATCH answered ${answer.status}`);
    await page.locator("[data-job='J2']", { hasText: "Renamed by a script" }).waitFor({ timeout: 5000 });
  });

  await story.step("the results of one job are the inputs of the next", async () => {
    await page.locator("[data-job='J1']").click();
    const steps = page.getByLabel("Next steps");
    await steps.waitFor();
    await steps.getByRole("button", { name: "Reconstruct", exact: true }).click();
    await page.waitForURL(/\/jobs\/J3/);
    // of the two outputs with particles, the one that has poses
    await page.locator(".connection", { hasText: "Truth" }).waitFor();
  });

  await story.step("from particles to a map with its resolution", async () => {
    await page.getByRole("button", { name: "Queue job" }).click();
    await state(page, "completed").waitFor({ timeout: 180_000 });
    const resolution = await page.locator("[data-statistic='resolution_angstrom'] dd").innerText();
    expect(/^\d+\.\d\d Å/.test(resolution) && Number.parseFloat(resolution) < 40, `the resolution reads “${resolution}”`);
    const fsc = page.locator("[data-figure-id^='fsc']");
    await fsc.getByText("resolution (Å)").waitFor();
    expect((await fsc.locator("svg[data-figure] g[clip-path] path").count()) >= 2, "the FSC figure has fewer than two curves");
    await fsc.locator(".plot").hover({ position: { x: 220, y: 120 } });
    await fsc.locator(".plot-tip").getByText(/ = [\d.]+ Å/).waitFor();
  });

  await story.step("server files are picked", async () => {
    await page.goto(`${server.url}/projects/P1`);
    await newJob(page, "Import particles");
    await page.getByRole("button", { name: "Browse" }).first().click();
    const dialog = page.getByRole("dialog");
    const first = dialog.getByRole("list", { name: "Entries" }).getByRole("button").first();
    await first.waitFor();
    await first.click();
    await dialog.getByRole("button", { name: "Use this folder" }).click();
    expect((await page.locator("#param-path").inputValue()).startsWith("/"), "no path was taken over");
  });

  await story.step("an API token works, and ends when it is revoked", async () => {
    await page.getByRole("button", { name: "Account menu" }).click();
    await page.getByRole("menuitem", { name: "Account and API tokens" }).click();
    await page.getByLabel("What it is for").fill("test");
    await page.getByRole("button", { name: "Make a token" }).click();
    const token = await page.locator(".notice code").innerText();
    const ask = () => fetch(`${server.url}/api/v1/projects`, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask()).status === 200, "the token is not accepted");
    await page.getByRole("row", { name: /test/ }).getByRole("button", { name: "Revoke" }).click();
    await page.getByText("test", { exact: true }).waitFor({ state: "detached" });
    expect((await ask()).status === 401, "the revoked token is still accepted");
  });

  await story.step("an administrator makes, disables and removes an account", async () => {
    await page.getByRole("button", { name: "Account menu" }).click();
    await page.getByRole("menuitem", { name: "Users" }).click();
    await page.getByLabel("E-mail").fill("bob@lab.example");
    await page.getByRole("button", { name: "Make the account" }).click();
    const password = await page.locator(".notice code").innerText();
    const logIn = async () => {
      const answer = await fetch(`${server.url}/api/v1/auth/login`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: "bob@lab.example", password }),
      });
      return answer.status;
    };
    expect((await logIn()) === 200, "the new account can't log in");
    const row = page.getByRole("row", { name: /bob@lab\.example/ });
    const choose = async (item) => {
      await row.getByRole("button", { name: "Actions for bob@lab.example" }).click();
      await page.getByRole("menuitem", { name: item, exact: true }).click();
    };
    await choose("Disable");
    await page.getByRole("dialog").getByRole("button", { name: "Disable account" }).click();
    await row.getByText("disabled").waitFor();
    expect((await logIn()) === 401, "a disabled account can log in");
    await choose("Enable");
    await row.getByText("user", { exact: true }).waitFor();
    expect((await logIn()) === 200, "an enabled account can't log in");
    await choose("Remove");
    await page.getByRole("dialog").getByRole("button", { name: "Remove account" }).click();
    await row.waitFor({ state: "detached" });
  });

  await story.step("a project gets another title", async () => {
    await page.goto(`${server.url}/projects/P1`);
    await page.getByRole("button", { name: "More about this project" }).click();
    await page.getByRole("menuitem", { name: "Title and description" }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("Second light");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Second light" }).waitFor();
  });

  await story.step("dark colours, and a phone's width without sideways scrolling", async () => {
    await page.getByRole("button", { name: "Dark colours" }).click();
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["/", "/projects/P1", "/projects/P1/jobs/J1", "/projects/P1/jobs/J1?tab=volume", "/projects/P1/jobs/J1?tab=outputs", "/projects/P1/jobs/J2", "/account", "/users"]) {
      await page.goto(server.url + path);
      await page.locator("main h1").first().waitFor();
      await page.waitForTimeout(400);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(over <= 0, `${path} is ${over} px wider than the screen`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await story.step("log out", async () => {
    await page.getByRole("button", { name: "Account menu" }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    const answer = await page.request.get(`${server.url}/api/v1/projects`);
    expect(answer.status() === 401, `after logging out the API answers ${answer.status()}`);
  });
}
