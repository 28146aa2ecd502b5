package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds what paths stand for on a simulated disk. Guarded by the lock of the disk. */
record SimulatedTree(SimulatedDirectory root) {

  static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  static String name(Path path) {
    return Objects.requireNonNull(absolute(path).getFileName(), "the root").toString();
  }

  @Nullable SimulatedNode find(Path path) {
    SimulatedNode node = root;
    for (Path name : absolute(path)) {
      if (!(node instanceof SimulatedDirectory directory)) {
        return null;
      }
      node = directory.get(name.toString());
    }
    return node;
  }

  SimulatedDirectory parent(Path path) throws IOException {
    Path parent = absolute(path).getParent();
    if (parent != null && find(parent) instanceof SimulatedDirectory directory) {
      return directory;
    }
    throw new NoSuchFileException(path.toString());
  }

  SimulatedDirectory directory(Path path) throws IOException {
    SimulatedNode node = existing(path);
    if (node instanceof SimulatedDirectory directory) {
      return directory;
    }
    throw new NotDirectoryException(path.toString());
  }

  SimulatedFile file(Path path) throws IOException {
    if (existing(path) instanceof SimulatedFile file) {
      return file;
    }
    throw new IOException(path + " is a directory");
  }

  /** Checks that neither a path nor what leads to it is a file. */
  void checkNoFileIn(Path path) throws IOException {
    for (Path at = absolute(path); at != null; at = at.getParent()) {
      if (find(at) instanceof SimulatedFile) {
        throw new FileAlreadyExistsException(at.toString());
      }
    }
  }

  private SimulatedNode existing(Path path) throws IOException {
    SimulatedNode node = find(path);
    if (node == null) {
      throw new NoSuchFileException(path.toString());
    }
    return node;
  }
}
