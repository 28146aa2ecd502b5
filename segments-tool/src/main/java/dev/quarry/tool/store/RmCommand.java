package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "rm", description = "Deletes keys and their values.")
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
    int removed = 0;
    try (BlobStore opened = store.openExisting(console)) {
      for (KeyText key : keys) {
        if (remove(opened, key, removed)) {
          removed++;
        } else {
          console.complain("there is no key " + key + " in " + store.directory());
        }
      }
    }
    return removed == keys.size() ? 0 : 1;
  }

  private boolean remove(BlobStore opened, KeyText key, int removed) {
    try {
      return opened.delete(key.bytes());
    } catch (BlobStoreException e) {
      throw new CommandFailedException(
          key + ": not removed: " + Reason.withAdvice(e) + removedBefore(removed), e);
    }
  }

  private String removedBefore(int removed) {
    return keys.size() == 1 ? "" : "; " + removed + " of " + keys.size() + " keys were removed";
  }
}
