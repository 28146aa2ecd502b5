package dev.quarry.tool.store;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "get", description = "Writes a key's value to the standard output, or to a file.")
public final class GetCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private StoreOptions store;

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = KeyText.Key.class,
      description = "The key, as text.")
  private KeyText key;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file to write, in place of one that is there.")
  private @Nullable Path output;

  public GetCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (BlobStore opened = store.openExisting(console);
        Blob blob = opened.view(key.bytes())) {
      if (blob == null) {
        throw new CommandFailedException("there is no key " + key + " in " + store.directory());
      }
      if (output == null) {
        blob.writeTo(Channels.newChannel(console.out()));
        console.flush();
      } else {
        WholeFile.write(output, blob, new StoreGuard(store.directory()));
      }
    }
    return 0;
  }
}
