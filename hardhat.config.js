// Hardhat 3 with the compiler from npm: a `path` to soljson.js makes Hardhat use solc-js, so nothing is downloaded.
import { createRequire } from "node:module";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);
const solc = { version: require("solc/package.json").version, path: require.resolve("solc/soljson.js") };
const registry = {
  ...solc,
  settings: {
    // Through the intermediate language: a thousand gas less in the calls made most, and no limit on local variables.
    viaIR: true,
    optimizer: { enabled: true, runs: 20_000 },
    evmVersion: "cancun",
    metadata: { bytecodeHash: "none" },
    // Hardhat adds what it needs itself. tools/build_registry.py reads the storage layout.
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
};
// Tests deploy the registry from its artifact and need no optimizing themselves, which would take minutes.
const tests = { ...solc, settings: { evmVersion: "cancun" } };
const profile = { compilers: [tests], overrides: { "contracts/CredentialRegistry.sol": registry } };

export default defineConfig({
  // Both profiles are named: `production` must not fall back to a download.
  solidity: { profiles: { default: profile, production: profile } },
  paths: { sources: "./contracts", tests: { solidity: "./tests/contracts" } },
  networks: {
    node: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 31337,
      hardfork: "prague",
      accounts: { mnemonic: "test test test test test test test test test test test junk", count: 10 },
      // With interval 0 no confirmation ever comes and the clock runs ahead of the wall clock.
      mining: { auto: true, interval: 1000 },
      allowBlocksWithSameTimestamp: true,
    },
  },
  test: {
    solidity: {
      fuzz: { runs: 64, seed: "0x01" },
      invariant: { runs: 8, depth: 100, failOnRevert: true },
      fsPermissions: { readFile: ["./tests/vectors/statements.json"] },
    },
  },
});
