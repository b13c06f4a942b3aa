import { type DoctorCheck, fail, judgeFound, ok, warn } from '../check.ts';

const GB = 1024 ** 3;

/** Whether the data directory can hold a database. */
export const directoryChecks: readonly DoctorCheck[] = [
  {
    name: 'data directory',
    judge: ({ directory }) =>
      judgeFound(directory, ({ path, kind, writable, owner, me, mode }) => {
        const elsewhere = 'or set DATA_DIR to another folder.';
        if (kind === 'other') return fail(`${path} is no folder`, `Move it away, ${elsewhere}`);
        if (kind === 'missing') {
          return writable
            ? ok(`${path} is made at the first start`)
            : fail(`${path} cannot be made`, `Make it for this user, ${elsewhere}`);
        }
        if (!writable) return fail(`${path} is not writable`, `Give it to this user (chown), ${elsewhere}`);
        if (owner !== me && me !== 0)
          return warn(`${path} belongs to uid ${owner}`, `Start as that user, ${elsewhere}`);
        return mode !== undefined && (mode & 0o002) !== 0
          ? warn(`${path} can be written by everybody`, `Run chmod o-w ${path}.`)
          : ok(path);
      }),
  },
  {
    name: 'file system',
    judge: ({ directory }) =>
      judgeFound(directory, ({ unfit, path }) => {
        if (unfit === undefined) return ok('on a disk of this machine');
        if (unfit === 'proc' || unfit === 'sysfs') {
          return fail(`${path} is on ${unfit}, which keeps no files`, 'Set DATA_DIR to a folder on a disk.');
        }
        return unfit === 'tmpfs' || unfit === 'ramfs'
          ? warn(`${path} is on ${unfit}, which is gone after a restart`, 'Set DATA_DIR to a folder on a disk.')
          : warn(`${path} is on ${unfit}, over a network`, 'Set DATA_DIR to a folder on a disk of this machine.');
      }),
  },
  {
    name: 'disk space',
    judge: ({ directory }) =>
      judgeFound(directory, ({ freeBytes, freeFiles }) => {
        const found = `${(freeBytes / GB).toFixed(1)} GB free`;
        const remedy = 'Make room, or set DATA_DIR to a folder on another disk.';
        if (freeFiles < 1_000) return fail(`room for ${freeFiles} more files`, remedy);
        if (freeBytes < 0.2 * GB) return fail(found, remedy);
        return freeBytes < 2 * GB ? warn(found, remedy) : ok(found);
      }),
  },
  {
    name: 'lock',
    judge: ({ directory }) =>
      judgeFound(directory, ({ holder, holderLives, orphan }) => {
        if (holder !== undefined && holderLives) return ok(`held by process ${holder}, which lives`);
        if (orphan !== undefined) {
          return warn(
            `the database server ${orphan} outlived its process`,
            `Start Tradepost, which stops it, or run kill -INT ${orphan}.`,
          );
        }
        return holder === undefined
          ? ok('free')
          : ok(`free; process ${holder}, which had it, ended without an orderly stop`);
      }),
  },
];
