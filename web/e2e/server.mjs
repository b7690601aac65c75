/** A real `nilas server` in a folder of its own, for the time of the test. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** The server and the account that its first start made. */
export class Server {
  /** @param {string} program path of the `nilas` binary @param {string} folder an empty folder */
  constructor(program, folder) {
    this.program = program;
    this.folder = folder;
    this.url = "";
    this.email = "";
    this.password = "";
    this.complaints = "";
  }

  /** Starts it, the first time on a free port and later on the same, and waits until it says where it is. */
  async start() {
    const port = this.url ? new URL(this.url).port : "0";
    const child = spawn(this.program, ["server", "--port", port, "--data", `${this.folder}/data`, "--projects", `${this.folder}/projects`, "--root", this.folder], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HOME: this.folder },
    });
    this.child = child;
    let printed = "";
    child.stderr.on("data", (text) => (this.complaints += text));
    await new Promise((resolve, reject) => {
      child.stdout.on("data", (text) => {
        printed += text;
        const url = /Nilas is at (http:\S+)/.exec(printed)?.[1];
        const [, email, password] = /Sign in as (\S+) with the password (\S+)/.exec(printed) ?? [];
        if (password) [this.email, this.password] = [email, password];
        if (url && this.password) {
          this.url = url;
          resolve();
        }
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${printed}\n${this.complaints}`)));
      setTimeout(() => reject(new Error(`the server did not come up in 60 s:\n${printed}\n${this.complaints}`)), 60_000).unref();
    });
  }

  /** Ends it as a service manager would. */
  async stop() {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await once(child, "exit");
    clearTimeout(timer);
  }
}
