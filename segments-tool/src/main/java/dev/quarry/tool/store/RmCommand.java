package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "rm", description = "Takes the values of keys away.")
public final class RmCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private StoreOptions store;

  @Parameters(index = "1..*", arity = "1..*", paramLabel = "KEY", converter = KeyText.Key.class)
  private List<KeyText> keys;

  public RmCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    boolean allFound = true;
    try (BlobStore opened = store.openExisting()) {
      for (KeyText key : keys) {
        if (!opened.delete(key.bytes())) {
          console.complain("there is no key " + key + " in " + store.directory());
          allFound = false;
        }
      }
    }
    return allFound ? 0 : 1;
  }
}
