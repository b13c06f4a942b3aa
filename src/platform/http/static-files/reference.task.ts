import { defineTask } from '../../app/worker/task.ts';

/** The files of the interactive reference. */
export interface ReferenceFiles {
  readonly page: string;
  readonly script: string;
}

// The package is 4 MB of text, so it is loaded in a thread that ends afterwards and frees the memory.
export const referenceTask = defineTask(
  import.meta.url,
  'reference',
  async (title: string): Promise<ReferenceFiles> => {
    const [{ default: Fastify }, { default: scalar }] = await Promise.all([
      import('fastify'),
      import('@scalar/fastify-api-reference'),
    ]);
    const pages = Fastify();
    await pages.register(scalar, {
      routePrefix: '/docs',
      // Disables everything that would send the document, or queries about it, to another server.
      configuration: {
        url: '/openapi.json',
        pageTitle: `${title}: API reference`,
        operationTitleSource: 'path',
        withDefaultFonts: false,
        telemetry: false,
        // A token that was pasted is still there when the page is loaded again.
        persistAuth: true,
        hideClientButton: true,
        showDeveloperTools: 'never',
        agent: { disabled: true },
        mcp: { disabled: true },
        authentication: { preferredSecurityScheme: 'token' },
      },
    });
    const [page, script] = [await pages.inject('/docs/'), await pages.inject('/docs/js/scalar.js')];
    return { page: page.body, script: script.body };
  },
);
