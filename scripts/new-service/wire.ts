/** The import of a module, as container.ts has it. */
export function importLine(name: string): string {
  return `import { ${name}Module } from './services/${name}/index.ts';`;
}

/** The line of a service that calls nobody. */
export function wireLine(name: string): string {
  return `const ${name} = wire(${name}Module, {});`;
}

/** The text of container.ts with one more service; the gateway stays the last. The linter sorts the imports. */
export function withService(container: string, name: string): string {
  const imports = container.lastIndexOf('import { ');
  const start = container.includes('  const gateway = ') ? '  const gateway = ' : '  return {';
  const wired = `${container.slice(0, imports)}${importLine(name)}\n${container.slice(imports)}`.replace(
    start,
    () => `  ${wireLine(name)}\n${start}`,
  );
  return wired.replace(/return \{([^}]*)\}/, (_all, list: string) => {
    const names = list.split(',').flatMap((one) => one.trim() || []);
    const place = names.includes('gateway') ? names.indexOf('gateway') : names.length;
    return `return { ${names.toSpliced(place, 0, name).join(', ')} }`;
  });
}
