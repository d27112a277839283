export function page(script: string): Promise<string>;
