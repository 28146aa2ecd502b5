package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
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
    if (file.equals("-")) {
      put(console.in());
    } else {
      put(Path.of(file));
    }
    return 0;
  }

  /** Opens the file first: no store is created for one that cannot be read. */
  private void put(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new FileSystemException(file, null, "is a directory");
    }
    try (InputStream stream = Files.newInputStream(path)) {
      if (isOfKnownLength(path)) {
        try (BlobStore opened = store.openOrCreate(console)) {
          new SourceFile(path, key, Files.size(path)).putInto(opened);
        }
      } else {
        put(stream);
      }
    }
  }

  /** A pipe has no length, and files of the system, as in /proc, say that it is 0. */
  private static boolean isOfKnownLength(Path path) throws IOException {
    return Files.isRegularFile(path) && Files.size(path) > 0;
  }

  private void put(InputStream stream) throws IOException {
    try (BlobStore opened = store.openOrCreate(console)) {
      opened.put(key.bytes(), stream);
    }
  }
}
