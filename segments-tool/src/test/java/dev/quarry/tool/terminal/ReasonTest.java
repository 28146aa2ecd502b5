package dev.quarry.tool.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreFullException;
import dev.quarry.StoreLockedException;
import dev.quarry.ValueTooLargeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every failure that can be expected is told with its file, in words. */
class ReasonTest {

  private static final String FILE = "/d/f";

  private static FileSystemException system(String reason) {
    return new FileSystemException(FILE, null, reason);
  }

  static Stream<Arguments> failures() {
    IOException denied = new AccessDeniedException(FILE);
    return Stream.of(
        arguments(new NoSuchFileException(FILE), "/d/f: no such file or directory"),
        arguments(
            denied,
            "/d/f: permission denied; look at the permissions of it and of the directories above"
                + " it"),
        arguments(new NotDirectoryException(FILE), "/d/f: not a directory"),
        arguments(
            new FileAlreadyExistsException(FILE), "/d/f: there is a file of that name already"),
        arguments(new DirectoryNotEmptyException(FILE), "/d/f: the directory is not empty"),
        arguments(new FileSystemLoopException(FILE), "/d/f: symbolic links lead in a circle"),
        arguments(new NotLinkException(FILE), "/d/f: not a symbolic link"),
        arguments(
            new AtomicMoveNotSupportedException(FILE, "/e/f", "Invalid cross-device link"),
            "/d/f to /e/f: a file cannot be renamed from one file system to another"),
        arguments(system("No space left on device"), "/d/f: no space is left on the file system;"),
        arguments(system("Disk quota exceeded"), "/d/f: the disk quota of this user is used up;"),
        arguments(
            system("Read-only file system"),
            "/d/f: the file system is read-only; mount it for writing"),
        arguments(system("Too many open files"), "ulimit -n"),
        arguments(system("Too many open files in system"), "in the whole system"),
        arguments(system("File name too long"), "/d/f: the name is too long"),
        arguments(system("Is a directory"), "/d/f: is a directory, not a file"),
        arguments(system("Not a directory"), "/d/f: a part of the path is a file"),
        arguments(system("Input/output error"), "/d/f: the disk failed (I/O error); look into"),
        arguments(system("Operation not permitted"), "/d/f: the system does not permit that"),
        arguments(system("Text file busy"), "/d/f: Text file busy"),
        arguments(
            system(
                "Too many levels of symbolic links or unable to access attributes of symbolic link"),
            "/d/f: symbolic links lead in a circle"),
        arguments(new UncheckedIOException(denied), "/d/f: permission denied"),
        arguments(
            new IOException("cannot write 1 bytes of /d/f: No space left on device"),
            "cannot write 1 bytes of /d/f: no space is left on the file system; free some"),
        arguments(new InvalidPathException("a\0b", "Nul character not allowed"), "Nul character"),
        arguments(
            new StoreFailedException("cannot open the store in /d: " + denied, denied),
            "cannot open the store in /d: /d/f: permission denied"),
        arguments(
            new StoreFailedException(
                "the store is read-only since it failed: " + denied.getMessage(), denied),
            "the store is read-only since it failed: /d/f: permission denied"),
        arguments(
            new StoreFailedException(
                "the store is read-only since it failed: cannot sync /d/f: Input/output error",
                new IOException("cannot sync /d/f: Input/output error")),
            "since it failed: cannot sync /d/f: the disk failed (I/O error); look into"),
        arguments(
            new StoreLockedException(Path.of("/d/LOCK"), "process 9"),
            "/d/LOCK is locked by process 9; close it there first"),
        arguments(new StoreFullException("the disk is full: /d/f: x"), "the disk is full: /d/f"),
        arguments(
            new CorruptionException(Path.of(FILE), 12, "a checksum was expected"),
            "/d/f at offset 12: a checksum was expected; quarry segments verify STORE lists all"),
        arguments(
            new FormatVersionException(Path.of(FILE), 9, 1, 1),
            "/d/f: format version 9 is newer than this release reads (version 1); use the release"),
        arguments(
            new ResourceExhaustedException("no descriptor for /d/f"),
            "no descriptor for /d/f; try again when the lack is over"),
        arguments(new ValueTooLargeException(9, 8, "of a value"), "9 bytes is over the limit of 8"),
        arguments(new OutOfMemoryError("Java heap space"), "out of memory: Java heap space; give"),
        arguments(new InterruptedException(), "interrupted"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void whatCanBeExpectedIsToldInWords(Throwable failure, String words) {
    String told = Reason.withAdvice(failure);

    assertTrue(told.contains(words), told);
    assertFalse(told.contains("Exception"), told);
    assertFalse(told.contains("java."), told);
    assertFalse(told.contains("unexpected"), told);
    assertEquals(1, told.lines().count(), told);
  }

  @Test
  void whatCannotBeExpectedIsToldWithTheWayToItsTrace() {
    assertEquals(
        "unexpected failure: java.lang.IllegalStateException: x (--debug prints where)",
        Reason.withAdvice(new IllegalStateException("x")));
  }

  @ParameterizedTest
  @EnumSource
  void anErrorOfTheSystemIsFoundAtTheEndOfAMessageAndInACause(SystemError error) {
    IOException cause = new IOException("cannot write /d/f: " + error.text());

    assertEquals(error, SystemError.of(cause));
    assertEquals(error, SystemError.of(new StoreFullException("full", cause)));
  }

  @Test
  void nothingElseIsAnErrorOfTheSystem() {
    assertEquals(null, SystemError.of(new IOException("closed")));
    assertEquals(null, SystemError.of(new NoSuchFileException(FILE)));
    assertEquals(null, SystemError.of(null));
  }
}
