import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the app on its own port and passes API calls on to a running `nilas server`.
const server = process.env.NILAS_SERVER ?? "http://127.0.0.1:7470";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
});
