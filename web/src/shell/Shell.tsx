import { ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { useLiveEvents, useLiveState } from "../api/live";
import { queryClient, useJob, useLanes, useMe, useProject } from "../api/queries";
import { LoginPage } from "../pages/LoginPage";
import { Icon, Mark } from "./Icon";
import { ErrorNotice, Loading } from "./States";

/** The frame of every page. Without a session it shows the log-in page at the same address. */
export function Shell() {
  const me = useMe();
  if (me.isPending) return <Loading what="account" />;
  // a page that is open outlives a server that is away for a while
  if (me.error && me.data === undefined) return <main className="page"><ErrorNotice error={me.error} retry={() => void me.refetch()} /></main>;
  if (!me.data) return <LoginPage />;
  return <SignedIn name={me.data.user.name || me.data.user.email} admin={me.data.user.admin} />;
}

function SignedIn({ name, admin }: { name: string; admin: boolean }) {
  useLiveEvents();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const signOut = async () => {
    await api.POST("/api/v1/auth/logout").catch(() => undefined);
    queryClient.clear();
    location.assign("/");
  };
  return (
    <>
      <a className="skip" href="#content">Skip to content</a>
      <header className="top">
        <Link to="/" className="brand"><Mark /> <span className="hide-small">Nilas</span></Link>
        <nav className="grow" aria-label="Breadcrumb" style={{ minWidth: 0 }}><Crumbs /></nav>
        <Load />
        <LiveState />
        <ActionIcon variant="subtle" color="gray" aria-label={scheme === "dark" ? "Light colours" : "Dark colours"} onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}>
          <Icon name={scheme === "dark" ? "sun" : "moon"} />
        </ActionIcon>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label="Account menu"><Icon name="user" /></ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{name}</Menu.Label>
            <Menu.Item component={Link} to="/account">Account and API tokens</Menu.Item>
            <Menu.Item component={Link} to="/lanes">Lanes</Menu.Item>
            {admin && <Menu.Item component={Link} to="/users">Users</Menu.Item>}
            <Menu.Divider />
            <Menu.Item onClick={signOut}>Log out</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <main className="page" id="content"><Outlet /></main>
    </>
  );
}

function Crumbs() {
  const { project, job } = useParams({ strict: false });
  return (
    <ol className="crumbs">
      <li><Link to="/">Projects</Link></li>
      {project && <ProjectCrumb p={project} />}
      {project && job && <JobCrumb p={project} j={job} />}
    </ol>
  );
}

function ProjectCrumb({ p }: { p: string }) {
  const { data } = useProject(p);
  return (
    <li>
      <Icon name="chevron" size={12} />
      <Link to="/projects/$project" params={{ project: p }}><span className="mono">{p}</span> {data?.title}</Link>
    </li>
  );
}

function JobCrumb({ p, j }: { p: string; j: string }) {
  const { job } = useJob(p, j);
  return (
    <li className="hide-small">
      <Icon name="chevron" size={12} />
      <Link to="/projects/$project/jobs/$job" params={{ project: p, job: j }} aria-current="page"><span className="mono">{j}</span> {job?.display_title}</Link>
    </li>
  );
}

/** How many jobs run and wait on all lanes; nothing when none does. */
function Load() {
  const lanes = useLanes();
  const running = (lanes.data ?? []).reduce((n, lane) => n + lane.running.length, 0);
  const queued = (lanes.data ?? []).reduce((n, lane) => n + lane.queued, 0);
  const words = [running > 0 && `${running} running`, queued > 0 && `${queued} queued`].filter(Boolean).join(", ");
  return words ? <Link to="/lanes" className="small muted num hide-small">{words}</Link> : null;
}

function LiveState() {
  const state = useLiveState();
  const words = { live: "live", connecting: "connecting", lost: "reconnecting" }[state];
  const help = state === "live" ? "Changes appear by themselves." : "The connection to the server is interrupted; what you see may be old.";
  return (
    <Tooltip label={help} w={220}>
      <span className="live" role="status" style={{ color: state === "live" ? "var(--s-completed)" : "var(--s-waiting)" }}>
        <span className="dot" /> <span className="hide-small muted">{words}</span>
      </span>
    </Tooltip>
  );
}
