package dev.quarry.segment;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Finds out which permission a call lacked: the system says only that it was denied. */
final class MissingPermission {

  private MissingPermission() {}

  /**
   * Says in words what the user of this process may not do.
   *
   * @param path that a call was denied on
   * @param other the new name if the call was a rename
   */
  static String on(Path path, @Nullable String other) {
    String missing = on(path);
    if (missing == null && other != null) {
      missing = on(Path.of(other));
    }
    return missing == null ? "permission denied" : missing;
  }

  private static @Nullable String on(Path path) {
    Path absolute = path.toAbsolutePath();
    Path parent = absolute.getParent();
    Path closed = unsearchable(parent);
    if (closed != null) {
      return notPermitted("search the directory", closed);
    }
    if (Files.exists(absolute)) {
      if (!Files.isReadable(absolute)) {
        return notPermitted("read", absolute);
      }
      if (!Files.isWritable(absolute)) {
        return notPermitted("write", absolute);
      }
    }
    return parent == null || Files.isWritable(parent)
        ? null
        : notPermitted("create, rename or delete files in", parent);
  }

  /** The first directory on the way from the root that may not be searched; null if all may. */
  private static @Nullable Path unsearchable(@Nullable Path directory) {
    if (directory == null) {
      return null;
    }
    Path above = unsearchable(directory.getParent());
    return above != null || Files.isExecutable(directory) || !Files.exists(directory)
        ? above
        : directory;
  }

  private static String notPermitted(String action, Path path) {
    return "the user " + System.getProperty("user.name") + " may not " + action + " " + path;
  }
}
