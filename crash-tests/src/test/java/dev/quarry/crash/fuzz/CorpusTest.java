package dev.quarry.crash.fuzz;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.CorruptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything that fuzzing reached is fed to the decoders once more. */
@Timeout(120) // a guard against an input that makes one hang
class CorpusTest {

  private static final Path CORPUS = Path.of("src", "test", "resources", "corpus");

  @ParameterizedTest
  @EnumSource
  void everySavedInputIsReadOrRefusedWithinItsBounds(Decoder decoder) throws IOException {
    List<Path> inputs;
    try (Stream<Path> files = Files.list(CORPUS.resolve(decoder.directory()))) {
      inputs = files.sorted().toList();
    }
    assertFalse(inputs.isEmpty());
    for (Path input : inputs) {
      byte[] bytes = Files.readAllBytes(input);
      assertDoesNotThrow(() -> decoder.test(bytes), input::toString);
    }
  }

  @ParameterizedTest
  @EnumSource
  void goodFilesAreRead(Decoder decoder) throws IOException {
    for (byte[] input : decoder.seeds()) {
      decoder.test(input);
    }
  }

  /** So that mutations of them go deep. */
  @Test
  void goodSegmentsAreIntact() throws IOException {
    for (byte[] input : Seeds.segments()) {
      SegmentTarget.requireIntact(input);
    }
  }

  @Test
  void anotherExceptionIsCaught() {
    assertThrows(
        IndexOutOfBoundsException.class,
        () ->
            Bounds.check(
                0,
                () -> {
                  throw new IndexOutOfBoundsException("planted");
                }));
    Bounds.check(
        0,
        () -> {
          throw new CorruptionException(Path.of("file"), 0, "which is allowed");
        });
  }

  @Test
  void anAllocationThatNoFileJustifiesIsCaught() {
    var e =
        assertThrows(
            AssertionError.class,
            () -> Bounds.check(4096, () -> assertTrue(new byte[100 << 20].length > 0)));
    assertTrue(String.valueOf(e.getMessage()).contains("bytes allocated"), e.getMessage());
  }
}
