// Inner layers resolve 'vscode' to this empty module, so that an import of it cannot compile.
export {};
