package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "ls",
    description = {
      "Lists keys in the order of their bytes, one a line.",
      "Exit code 1, after the keys that were found, if damage may hide others."
    })
public final class LsCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private StoreOptions store;

  @Option(
      names = "--prefix",
      paramLabel = "P",
      defaultValue = "",
      converter = KeyText.Prefix.class,
      description = "Only keys that begin so.")
  private KeyText prefix;

  @Option(names = "--limit", paramLabel = "N", description = "At most that many keys.")
  private long limit = Long.MAX_VALUE;

  @Option(
      names = {"-0", "--null"},
      description = "End each key with a zero byte in place of a line end, for xargs -0.")
  private boolean zero;

  public LsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    String end = zero ? "\0" : "\n";
    try (BlobStore opened = store.openExisting(console);
        KeyListing listing = new KeyListing(opened, prefix)) {
      for (long left = limit; left > 0 && listing.next(); left--) {
        console.print(KeyText.show(listing.key()) + end);
      }
      listing.checkComplete();
    } catch (CommandFailedException e) {
      console.flush(); // the keys first, then what is wrong with them
      throw e;
    }
    return 0;
  }
}
