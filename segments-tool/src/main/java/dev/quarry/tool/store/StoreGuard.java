package dev.quarry.tool.store;

import dev.quarry.segment.FileHeader;
import dev.quarry.segment.StoreLayout;
import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what commands write out of the directories of stores, whose files they would replace.
 *
 * <p>A directory of a store is known by what is in it, whatever path leads there. The directories
 * of one store, the one that is read, are known as themselves also where a bind mount shows one of
 * them elsewhere.
 */
public final class StoreGuard {

  private static final String SEGMENT_OR_LOG = "[0-9]{10}\\.(seg|wal)";

  private final Set<Object> own = new HashSet<>();

  /** One that knows no store in particular. */
  public StoreGuard() {}

  /**
   * One that knows the directories of a store as themselves.
   *
   * @param store the directory of the store
   */
  StoreGuard(Path store) throws IOException {
    StoreLayout layout = new StoreLayout(store);
    for (Path directory :
        List.of(
            layout.root(),
            layout.segments(),
            layout.logs(),
            layout.checkpointDirectory(),
            layout.keyIndex())) {
      Object key = Files.isDirectory(directory) ? fileKey(directory) : null;
      if (key != null) { // not every file system has them
        own.add(key);
      }
    }
  }

  /**
   * Checks a directory that is to be written in, and those above it. Where it does not exist yet,
   * that is those above it which do.
   *
   * @throws CommandFailedException if one of them belongs to a store
   */
  public void checkPlace(Path directory) throws IOException {
    Path existing = directory.toAbsolutePath();
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    Path real = existing.toRealPath();
    checkDirectory(real);
    for (Path above = real.getParent(); above != null; above = above.getParent()) {
      if (isStore(above)) {
        throw refusal(directory, above);
      }
    }
  }

  /**
   * Checks a directory that is to be written in, but none above it.
   *
   * @throws CommandFailedException if it belongs to a store
   */
  void checkDirectory(Path directory) throws IOException {
    if (isStore(directory) || holdsSegmentsOrLogs(directory)) {
      throw refusal(directory, directory);
    }
  }

  private static CommandFailedException refusal(Path directory, Path store) {
    return new CommandFailedException(
        directory
            + (directory.equals(store) ? " holds files of a store" : " lies in the store " + store)
            + ", which would be overwritten; choose a place outside of every store");
  }

  private boolean isStore(Path directory) throws IOException {
    StoreLayout layout = new StoreLayout(directory);
    return own.contains(fileKey(directory))
        || begins(layout.store(), FileHeader.STORE_MAGIC)
        || holdsSegmentsOrLogs(layout.segments())
        || holdsSegmentsOrLogs(layout.logs());
  }

  private static @Nullable Object fileKey(Path directory) throws IOException {
    return Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
  }

  /** Whether a file is what its name says; one that is only called STORE may be anybody's. */
  private static boolean begins(Path file, long magic) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(Long.BYTES);
      return start.length == Long.BYTES
          && ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong() == magic;
    } catch (IOException e) {
      return true; // what may not be read is not to be overwritten either
    }
  }

  private static boolean holdsSegmentsOrLogs(Path directory) throws IOException {
    if (!Files.isDirectory(directory) || !Files.isReadable(directory)) {
      return false;
    }
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(
            directory,
            path ->
                String.valueOf(path.getFileName()).matches(SEGMENT_OR_LOG)
                    && begins(path, FileHeader.SEGMENT_MAGIC))) {
      return entries.iterator().hasNext();
    }
  }
}
