package dev.quarry.crash.damage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Damage planted such that the store cannot see it: the oracle must. */
class OracleTest {

  private static final int FIRST_RECORD = 64;
  private static final int VALUE_IN_RECORD = 24 + "key0".length();

  private static Outcome read(Sample sample) {
    return new Oracle(sample).read(sample.image().disk());
  }

  private static void assertBroken(Sample sample, String message) {
    var e = assertThrows(BrokenPromiseException.class, () -> read(sample));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
  }

  private static Sample changed(Sample sample, Path file, int at, boolean repaired) {
    byte[] bytes = sample.image().bytes(file).clone();
    bytes[at] ^= 1;
    if (repaired) {
      Repair.segment(bytes, true);
    }
    return sample.with(sample.image().with(file, bytes));
  }

  @Test
  void whatIsNotDamagedIsRight() throws IOException {
    for (Sample sample :
        new Sample[] {
          SmallStores.closed(),
          SmallStores.withoutCheckpoint(),
          SmallStores.compacted(),
          SmallStores.crashed(),
          SmallStores.cache()
        }) {
      assertEquals(Outcome.RIGHT, read(sample), sample.name());
      assertFalse(Oracle.verifyReports(sample.image().disk()), sample.name());
    }
  }

  @Test
  void repairChangesNothingThatIsIntact() throws IOException {
    Sample sample = SmallStores.compacted();
    for (Path path : sample.image().in(StoreImage.LAYOUT.segments())) {
      byte[] bytes = sample.image().bytes(path).clone();
      Repair.header(bytes);
      Repair.segment(bytes, true);
      assertEquals(ByteBuffer.wrap(sample.image().bytes(path)), ByteBuffer.wrap(bytes));
    }
  }

  @Test
  void aFlippedValueWithAChecksumThatIsRightAgainIsSeen() throws IOException {
    Sample sample = SmallStores.withoutCheckpoint();
    Path file = StoreImage.LAYOUT.segment(1);
    int at = FIRST_RECORD + VALUE_IN_RECORD;
    assertEquals(Outcome.READ_ERROR, read(changed(sample, file, at, false)));
    assertBroken(changed(sample, file, at, true), "key0 has a value that it never had");
  }

  @Test
  void aTombstoneThatIsGoneIsSeen() throws IOException {
    Sample sample = SmallStores.withoutCheckpoint();
    StoreImage without = sample.image().without(StoreImage.LAYOUT.segment(2));
    assertBroken(sample.with(without), "without an error");
  }

  @Test
  void aLogThatIsCutBeforeItsLastCommitIsSeen() throws IOException {
    Sample sample = SmallStores.crashed();
    byte[] log = sample.image().bytes(StoreImage.LAYOUT.log(1)).clone();
    ByteBuffer bytes = ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    int at = FIRST_RECORD;
    for (int record = 0; record < 10; record++) {
      at += bytes.getInt(at) + 7 & -8;
    }
    Arrays.fill(log, at, log.length, (byte) 0);
    StoreImage cut = sample.image().with(StoreImage.LAYOUT.log(1), log);
    assertBroken(sample.with(cut), "operations should be there");
    ImageDisk disk = cut.disk();
    assertEquals(Outcome.CUT, new Oracle(sample).read(disk, disk, 5));
  }

  @Test
  void paddingThatWereLookedAtWouldBeSeen() throws IOException {
    Sample sample = SmallStores.withoutCheckpoint();
    Path file = StoreImage.LAYOUT.segment(1);
    byte[] bytes = sample.image().bytes(file).clone();
    int padding = 0;
    while (Meaning.of(file, bytes).at(padding) != Meaning.Of.NOTHING) {
      padding++;
    }
    assertEquals(Outcome.RIGHT, read(changed(sample, file, padding, false)));
    assertEquals(Meaning.Of.SOMETHING, Meaning.of(file, bytes).at(padding - 1));
  }
}
