package dev.quarry.tool.store;

import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Finds the regular files below a directory. Links are not followed, and not values either. */
public final class SourceTree {

  private final Path root;
  private final byte[] prefix;
  private final Consumer<String> failures;
  private final List<SourceFile> files = new ArrayList<>();

  private SourceTree(Path root, byte[] prefix, Consumer<String> failures) {
    this.root = root;
    this.prefix = prefix;
    this.failures = failures;
  }

  /**
   * Finds files.
   *
   * @param directory what the keys are relative to
   * @param prefix what the keys begin with
   * @param store left out if it lies below the directory; null for none
   * @param failures told of what cannot be read
   */
  public static List<SourceFile> walk(
      Path directory, KeyText prefix, @Nullable Path store, Consumer<String> failures)
      throws IOException {
    Path root = directory.toRealPath();
    if (!Files.isDirectory(root)) {
      throw new NotDirectoryException(directory.toString());
    }
    SourceTree tree = new SourceTree(root, prefix.bytes(), failures);
    Files.walkFileTree(
        root, tree.visitor(store != null && Files.exists(store) ? store.toRealPath() : null));
    return tree.files;
  }

  private SimpleFileVisitor<Path> visitor(@Nullable Path store) {
    return new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
        return path.equals(store) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
        if (attributes.isRegularFile()) {
          files.add(new SourceFile(path, key(path), attributes.size()));
        }
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFileFailed(Path path, IOException failure) {
        failures.accept(Reason.of(failure));
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult postVisitDirectory(Path path, @Nullable IOException failure) {
        return failure == null ? FileVisitResult.CONTINUE : visitFileFailed(path, failure);
      }
    };
  }

  private KeyText key(Path path) {
    byte[] name = FileNames.below(root, path);
    byte[] key = Arrays.copyOf(prefix, prefix.length + name.length);
    System.arraycopy(name, 0, key, prefix.length, name.length);
    return KeyText.of(key);
  }
}
