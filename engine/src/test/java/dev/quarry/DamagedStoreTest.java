package dev.quarry;

import static dev.quarry.StoreFixture.DURABLE;
import static dev.quarry.StoreFixture.assertAll;
import static dev.quarry.StoreFixture.flip;
import static dev.quarry.StoreFixture.putAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.Disk;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.FileSystemDisk;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What opening says to a STORE file that is damaged, and to files of another version. */
class DamagedStoreTest {

  /** All of the STORE file that says anything. */
  private static final int IDENTITY_BYTES = 128;

  @TempDir Path directory;
  private Path storeFile;

  @BeforeEach
  void makeStore() {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      putAll(store, 0, 10, 1_000);
    }
    storeFile = directory.resolve("STORE");
  }

  private void assertIntact() {
    try (BlobStore store = BlobStore.open(directory, DURABLE)) {
      assertEquals(0, store.stats().damagedFiles());
      assertAll(store, 0, 10, 1_000);
    }
  }

  private CorruptionException assertRefused(Path damaged) throws IOException {
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    var e = assertThrows(CorruptionException.class, () -> BlobStore.open(directory, DURABLE));
    assertEquals(damaged, e.file());
    assertTrue(e.getMessage().contains(damaged + " at offset " + e.offset()), e.getMessage());
    assertEquals(before, StoreFixture.files(directory), "an opening that fails changes nothing");
    return e;
  }

  @Test
  void everyFlippedBitOfTheIdentityIsNoticed() throws IOException {
    for (int bit = 0; bit < IDENTITY_BYTES * 8; bit++) {
      flip(storeFile, bit / 8, 1 << (bit % 8));
      int flipped = bit;
      var e =
          assertThrows(
              CorruptionException.class,
              () -> BlobStore.open(directory, DURABLE),
              () -> "bit " + flipped);
      assertEquals(storeFile, e.file());
      assertTrue(e.offset() < IDENTITY_BYTES);
      flip(storeFile, bit / 8, 1 << (bit % 8));
    }
    assertIntact();
  }

  @Test
  void bytesBehindTheIdentityMeanNothing() throws IOException {
    StoreIdentity before = StoreFixture.identity(new FileSystemDisk(), directory);
    for (int at = IDENTITY_BYTES; at < Disk.BLOCK; at += 61) {
      flip(storeFile, at, 0xFF);
    }
    assertEquals(before, StoreFixture.identity(new FileSystemDisk(), directory));
    assertIntact();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 127})
  void aStoreFileThatIsCutShortIsReported(int length) throws IOException {
    byte[] whole = Files.readAllBytes(storeFile);
    Files.write(storeFile, java.util.Arrays.copyOf(whole, length));
    assertEquals(length, assertRefused(storeFile).offset());
    Files.write(storeFile, whole);
    assertIntact();
  }

  @Test
  void aStoreFileThatIsMissingIsReportedAndNoNewOneIsMade() throws IOException {
    byte[] whole = Files.readAllBytes(storeFile);
    Files.delete(storeFile);
    assertRefused(storeFile);
    Files.write(storeFile, whole);
    assertIntact();
  }

  @Test
  void aStoreFileOfAnotherStoreIsNoticedBySegments() throws IOException {
    Path other = directory.resolveSibling(directory.getFileName() + "-other");
    BlobStore.open(other, DURABLE).close();
    Files.write(storeFile, Files.readAllBytes(other.resolve("STORE")));
    StoreFixture.delete(other);
    assertRefused(StoreFixture.onlySegment(new FileSystemDisk(), directory));
  }

  /** Makes the version in a file's header another one, with the checksum that goes with it. */
  private static void setVersion(Path file, int version) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(8, version);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, FileHeader.LENGTH - 4);
    buffer.putInt(FileHeader.LENGTH - 4, (int) crc.getValue());
    Files.write(file, bytes);
  }

  private void assertOtherVersion(Path file, int version) throws IOException {
    setVersion(file, version);
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    var e = assertThrows(FormatVersionException.class, () -> BlobStore.open(directory, DURABLE));
    assertEquals(version, e.found());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    String compared = version > FileHeader.VERSION ? "newer" : "older";
    assertTrue(e.getMessage().contains(compared), e.getMessage());
    assertEquals(before, StoreFixture.files(directory), "an opening that fails changes nothing");
    setVersion(file, FileHeader.VERSION);
    assertIntact();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, FileHeader.VERSION + 1, Integer.MAX_VALUE})
  void aStoreFileOfAnotherVersionIsToldFromADamagedOne(int version) throws IOException {
    assertOtherVersion(storeFile, version);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, FileHeader.VERSION + 1})
  void aSegmentOfAnotherVersionIsToldFromADamagedOne(int version) throws IOException {
    Files.delete(new StoreLayout(directory).checkpoint()); // which would vouch for the segment
    assertOtherVersion(StoreFixture.onlySegment(new FileSystemDisk(), directory), version);
  }

  @Test
  void aLogOfAnotherVersionIsToldFromADamagedOne() throws IOException {
    Path log = directory.resolve("wal/0000000009.wal");
    UUID store = StoreFixture.identity(new FileSystemDisk(), directory).storeId();
    ByteBuffer block = DirectMemory.allocate(Disk.BLOCK).buffer().order(ByteOrder.LITTLE_ENDIAN);
    FileHeader.segment(store, 9, 100).encode(block);
    byte[] bytes = new byte[Disk.BLOCK];
    block.get(0, bytes);
    Files.write(log, bytes);
    setVersion(log, FileHeader.VERSION + 1);
    Map<Path, ByteBuffer> before = StoreFixture.files(directory);
    var e = assertThrows(FormatVersionException.class, () -> BlobStore.open(directory, DURABLE));
    assertTrue(e.getMessage().contains(log.toString()), e.getMessage());
    assertEquals(before, StoreFixture.files(directory));
    setVersion(log, FileHeader.VERSION);
    assertIntact();
  }
}
