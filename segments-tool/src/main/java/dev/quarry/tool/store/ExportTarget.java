package dev.quarry.tool.store;

import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The files below a directory that keys stand for. No key leads out of it, neither by its own text
 * nor through a link that lies in the directory, nor into the directories of a store.
 */
final class ExportTarget {

  private final Path root;
  private final StoreGuard guard;
  private final Set<Path> directories = new HashSet<>();

  /**
   * @param directory created when it is missing
   * @param guard keeps the files out of stores
   * @throws CommandFailedException if the directory lies in a store
   */
  ExportTarget(Path directory, StoreGuard guard) throws IOException {
    guard.checkPlace(directory);
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new NotDirectoryException(directory.toString());
    }
    if (Files.isSymbolicLink(directory) && !Files.exists(directory)) {
      throw new CommandFailedException(directory + " is a symbolic link that leads nowhere");
    }
    Files.createDirectories(directory);
    this.root = directory.toRealPath();
    this.guard = guard;
    guard.checkPlace(root); // what was missing may have led elsewhere
  }

  /**
   * The file of a key; the directories above it are made.
   *
   * @throws CommandFailedException if the key is not the name of a file below the directory, or
   *     leads into a store
   */
  Path file(byte[] key) throws IOException {
    Path directory = root;
    int start = 0;
    for (int at = 0; at < key.length; at++) {
      if (key[at] == '/') {
        directory = enter(FileNames.resolve(directory, name(key, start, at)));
        start = at + 1;
      }
    }
    return FileNames.resolve(directory, name(key, start, key.length));
  }

  private static byte[] name(byte[] key, int from, int to) {
    byte[] name = Arrays.copyOfRange(key, from, to);
    boolean isDots = (name.length == 1 || name.length == 2) && isAll(name, (byte) '.');
    if (name.length == 0 || isDots || hasZero(name)) {
      throw new CommandFailedException("the key is not a name of a file below the directory");
    }
    return name;
  }

  private static boolean isAll(byte[] bytes, byte value) {
    for (byte each : bytes) {
      if (each != value) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasZero(byte[] bytes) {
    for (byte each : bytes) {
      if (each == 0) {
        return true;
      }
    }
    return false;
  }

  private Path enter(Path directory) throws IOException {
    if (!directories.contains(directory)) {
      if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(directory);
      } else if (Files.isSymbolicLink(directory)) {
        throw new CommandFailedException(
            directory + " is a symbolic link, which may lead elsewhere");
      } else if (!Files.isDirectory(directory)) {
        throw new CommandFailedException(directory + " is a file, not a directory");
      } else {
        guard.checkDirectory(directory); // files of a store that are exported are none themselves
      }
      directories.add(directory);
    }
    return directory;
  }
}
