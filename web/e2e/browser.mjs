/** Chromium for the end-to-end test, and a few words that make the test readable. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CANDIDATES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of the browser, or undefined. */
export function browserPath() {
  return CANDIDATES.find((path) => path && existsSync(path));
}

/** A headless browser with WebGL in software, that asks for nothing outside this machine. */
export function launch() {
  return chromium.launch({
    executablePath: browserPath(),
    args: [
      "--no-sandbox", "--no-first-run", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    ],
  });
}

/** The steps of the test: each is named, timed, and ends with a screenshot, also when it fails. */
export class Story {
  /** @param {import("playwright-core").Page} page @param {string} shots folder of the screenshots */
  constructor(page, shots) {
    this.page = page;
    this.shots = shots;
    this.number = 0;
  }

  /** @param {string} name @param {() => Promise<void>} action */
  async step(name, action) {
    const began = Date.now();
    const file = join(this.shots, `${String(++this.number).padStart(2, "0")}_${name.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase()}.png`);
    try {
      await action();
    } catch (error) {
      await this.page.screenshot({ path: file, fullPage: true }).catch(() => undefined);
      throw new Error(`step "${name}" failed (screenshot: ${file}): ${error.message}`, { cause: error });
    }
    await this.page.screenshot({ path: file, fullPage: true });
    console.log(`  ok  ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  }
}

/** Throws unless `truth` holds. @param {unknown} truth @param {string} message */
export function expect(truth, message) {
  if (!truth) throw new Error(message);
}

/** Fraction of a canvas's pixels that differ from its corner pixel. @param {import("playwright-core").Locator} canvas */
export function drawnFraction(canvas) {
  return canvas.evaluate((element) => {
    const copy = document.createElement("canvas");
    copy.width = element.width;
    copy.height = element.height;
    const context = copy.getContext("2d");
    context.drawImage(element, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let different = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (Math.abs(data[i] - data[0]) + Math.abs(data[i + 1] - data[1]) + Math.abs(data[i + 2] - data[2]) > 24) different++;
    }
    return different / (data.length / 4);
  });
}
