package dev.quarry.segment;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The names of files and directories that nobody asked for: file systems, network file systems and
 * desktops leave them in any directory, an empty one included.
 */
final class SystemFiles {

  /** In lower case: some of the systems that make them do not tell the cases apart. */
  private static final Set<String> NAMES =
      Set.of(
          "lost+found", // ext2 to ext4, in the root of the file system
          "aquota.user",
          "aquota.group",
          ".snapshot", // NetApp and other network file servers
          ".snapshots",
          ".zfs",
          ".ds_store", // macOS
          ".localized",
          ".fseventsd",
          ".spotlight-v100",
          ".temporaryitems",
          ".trashes",
          ".directory", // KDE
          "thumbs.db", // Windows
          "desktop.ini",
          "$recycle.bin",
          "system volume information");

  private static final List<String> PREFIXES =
      List.of(
          "._", // macOS: attributes of another file
          ".nfs", // NFS: a deleted file that is still open
          ".fuse_hidden", // FUSE: the same
          ".trash-"); // freedesktop.org

  private SystemFiles() {}

  /** Whether a system leaves files of that name. */
  static boolean isOne(String name) {
    String lowerCase = name.toLowerCase(Locale.ROOT);
    return NAMES.contains(lowerCase) || PREFIXES.stream().anyMatch(lowerCase::startsWith);
  }
}
