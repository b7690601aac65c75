import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from "@tanstack/react-router";
import { JobPage } from "./job/JobPage";
import { ProjectPage } from "./pages/ProjectPage";
import { ProjectsPage } from "./pages/ProjectsPage";
import { Shell } from "./shell/Shell";
import { Empty, ErrorNotice } from "./shell/States";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <Empty title="There is no such page"><Link to="/">All projects</Link></Empty>,
  errorComponent: ({ error }) => <main className="page"><ErrorNotice error={error} retry={() => location.reload()} /></main>,
});
const projects = createRoute({ getParentRoute: () => root, path: "/", component: ProjectsPage });
const project = createRoute({ getParentRoute: () => root, path: "/projects/$project", component: ProjectPage });
const job = createRoute({
  getParentRoute: () => root,
  path: "/projects/$project/jobs/$job",
  component: JobPage,
  validateSearch: (search: Record<string, unknown>): { tab?: string } => (typeof search["tab"] === "string" ? { tab: search["tab"] } : {}),
});
const account = createRoute({ getParentRoute: () => root, path: "/account", component: lazyRouteComponent(() => import("./pages/AccountPage"), "AccountPage") });
const users = createRoute({ getParentRoute: () => root, path: "/users", component: lazyRouteComponent(() => import("./pages/UsersPage"), "UsersPage") });
const lanes = createRoute({ getParentRoute: () => root, path: "/lanes", component: lazyRouteComponent(() => import("./pages/LanesPage"), "LanesPage") });

/** All pages of the app. */
export const router = createRouter({
  routeTree: root.addChildren([projects, project, job, account, users, lanes]),
  defaultPreload: false,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
