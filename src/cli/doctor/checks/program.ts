import { type DoctorCheck, fail, judgeFound, none, ok, warn } from '../check.ts';

const NEEDED = 24;
const MB = 1024 * 1024;

/** Whether the installation is complete, and the machine has enough resources. */
export const programChecks: readonly DoctorCheck[] = [
  {
    name: 'Node',
    judge: ({ program: { node } }) =>
      Number(node.split('.')[0]) >= NEEDED
        ? ok(node)
        : fail(node, `Install Node ${NEEDED} or newer, or run npm ci on Linux, which brings it.`),
  },
  {
    name: 'packages',
    judge: ({ install }) =>
      judgeFound(install, ({ missing, other }) => {
        if (missing.length > 0) return fail(`${named(missing)} not installed`, 'Run npm ci.');
        return other.length > 0
          ? warn(`${named(other)} of another version than package-lock.json says`, 'Run npm ci.')
          : ok('as package-lock.json says');
      }),
  },
  {
    name: 'embedded PostgreSQL',
    judge({ program: { wantsEmbedded, binaries, brokenLinks, platform } }) {
      if (!wantsEmbedded) return none('the settings name a server');
      const elsewhere = 'or set DB_DRIVER=postgres and DATABASE_URL to use a server.';
      if (binaries === 'missing') {
        return fail(`no package for ${platform}`, `Run npm ci with optional dependencies included, ${elsewhere}`);
      }
      if (binaries === 'broken') return fail('it does not run on this system', `Run npm rebuild, ${elsewhere}`);
      return brokenLinks > 0
        ? fail(`${brokenLinks} links of its libraries are missing`, 'Run npm rebuild as the owner of node_modules.')
        : ok(`for ${platform}`);
    },
  },
  {
    name: 'memory',
    judge({ machine: { memory, freeMemory } }) {
      const found = `${Math.round(freeMemory / MB)} of ${Math.round(memory / MB)} MB available`;
      if (freeMemory < 128 * MB) return fail(found, 'Stop other programs, or give the machine more memory.');
      return memory < 512 * MB || freeMemory < 256 * MB
        ? warn(found, 'Give it 512 MB or more; the whole system in one process takes about 300.')
        : ok(found);
    },
  },
  {
    name: 'open files',
    judge({ machine: { openFiles } }) {
      if (openFiles === undefined) return none('the system does not report its limit');
      const remedy = 'Raise the limit: ulimit -n 65536, or LimitNOFILE= of the unit.';
      if (openFiles < 256) return fail(`at most ${openFiles}`, remedy);
      return openFiles < 1_024 ? warn(`at most ${openFiles}`, remedy) : ok(`at most ${openFiles}`);
    },
  },
  {
    name: 'time zones',
    judge: ({ program: { zones, zonesWork } }) =>
      zonesWork && zones > 100
        ? ok(`${zones} known`)
        : fail(`${zones} known`, 'Use a Node with full ICU data, and unset NODE_ICU_DATA.'),
  },
];

function named(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return names.slice(0, 3).join(', ') + more;
}
