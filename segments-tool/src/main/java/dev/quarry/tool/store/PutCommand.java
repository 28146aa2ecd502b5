package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "put",
    description = {
      "Gives a key a value.",
      "The store is created when it is missing, durable unless --cache is given."
    })
public final class PutCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private StoreOptions store;

  @Parameters(
      index = "1",
      paramLabel = "KEY",
      converter = KeyText.Key.class,
      description = "The key, as text.")
  private KeyText key;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "FILE",
      defaultValue = "-",
      description = "What holds the value; the standard input if it is - or left out.")
  private String file;

  public PutCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    ByteBuffer value =
        file.equals("-")
            ? ByteBuffer.wrap(console.in().readAllBytes())
            : new ValueReader().read(Path.of(file));
    try (BlobStore opened = store.openOrCreate()) {
      opened.put(key.bytes(), value);
    }
    return 0;
  }
}
