export = async function globalSetup(): Promise<void> {};
