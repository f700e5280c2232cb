import type { Command } from "commander";
import type { Terminal } from "../terminal";
import { addProvidersImport } from "./providers/import";
import { addProviderKeys } from "./providers/keys";
import { addProviderModels } from "./providers/models";

/** Models of external providers that the platform keeps, and the keys that open their providers' doors. */
export function addProvidersCommand(program: Command, terminal: Terminal): void {
  const providers = program
    .command("providers")
    .description("Models of external providers, and their keys, as /admin/providers has them.");
  addProviderKeys(providers, terminal);
  addProviderModels(providers, terminal);
  addProvidersImport(providers, terminal);
}
