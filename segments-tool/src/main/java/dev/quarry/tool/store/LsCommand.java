package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "ls", description = "Lists keys in the order of their bytes, one a line.")
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
    try (BlobStore opened = store.openExisting();
        KeyCursor cursor = opened.keys(KeyRange.prefix(prefix.bytes()))) {
      for (long left = limit; left > 0 && cursor.next(); left--) {
        console.print(KeyText.show(cursor.key()) + end);
      }
    }
    return 0;
  }
}
