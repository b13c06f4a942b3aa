import type { FastifyInstance } from 'fastify';
import { createPool } from '../../app/worker/pool.ts';
import { ICON } from '../pages/page.ts';
import { referenceTask } from './reference.task.ts';
import { type Content, hashOf, serveStatic } from './static-file.ts';

/** Serves the interactive reference below `/docs`. Its files are made at the first visit. */
export function serveReference(app: FastifyInstance, title: string): void {
  let files: Promise<Record<'page' | 'script', Content>> | undefined;
  const file = async (name: 'page' | 'script'): Promise<Content> => {
    files ??= makeFiles(title).catch((error) => {
      files = undefined;
      throw error;
    });
    return (await files)[name];
  };
  app.get('/docs', (_request, reply) => reply.redirect('/docs/', 301));
  serveStatic(app, '/docs/', () => file('page'));
  serveStatic(app, '/docs/js/scalar.js', () => file('script'));
}

// Shared by all servers of a process.
const pool = createPool(referenceTask, { threads: 1, queue: 64, idleMs: 0 });

async function makeFiles(title: string): Promise<Record<'page' | 'script', Content>> {
  const made = await pool.run(title);
  const script = Buffer.from(made.script);
  // The page names the content of its script, so that a browser asks for that once.
  const page = made.page
    .replace('"js/scalar.js"', `"js/scalar.js?v=${hashOf(script)}"`)
    .replace('</head>', `${ICON}</head>`);
  return {
    page: { type: 'text/html; charset=utf-8', body: Buffer.from(page) },
    script: { type: 'application/javascript; charset=utf-8', body: script },
  };
}
