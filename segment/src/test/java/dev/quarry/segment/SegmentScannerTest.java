package dev.quarry.segment;

import static dev.quarry.segment.TestSegments.SALT;
import static dev.quarry.segment.TestSegments.damaged;
import static dev.quarry.segment.TestSegments.map;
import static dev.quarry.segment.TestSegments.scanner;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.SegmentScanner.Finding;
import dev.quarry.segment.TestSegments.Visited;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SegmentScannerTest {

  private static final int START = FileHeader.LENGTH;

  private final Slab slab = TestSegments.slab(4 * Disk.BLOCK);
  private final List<Integer> offsets = new ArrayList<>();
  private byte[] image = new byte[0];
  private int end;

  /** Ten records of 40 bytes and nothing else. */
  @BeforeEach
  void writeRecords() {
    for (int i = 0; i < 10; i++) {
      offsets.add(TestSegments.put(slab, "key" + i, "value" + i));
    }
    end = slab.end();
    assertEquals(START + 10 * 40, end);
    image = TestSegments.image(slab, Disk.BLOCK);
  }

  private List<Finding> findings(byte[] bytes, long limit) throws IOException {
    SegmentScanner scanner = scanner(bytes);
    scanner.scan(START, limit);
    return scanner.findings();
  }

  private List<Long> visited(byte[] bytes, long limit) throws IOException {
    List<Visited> visited = new ArrayList<>();
    scanner(bytes).forEachRecord(START, limit, TestSegments.into(visited));
    return visited.stream().map(Visited::offset).toList();
  }

  @Test
  void aVoidRecordOfNothingButAHeaderMayBeTheLast() throws IOException {
    slab.abandon(slab.reserve(RecordFormat.HEADER_LENGTH), RecordFormat.HEADER_LENGTH);
    byte[] bytes = TestSegments.image(slab, Disk.BLOCK);
    assertEquals(end + RecordFormat.HEADER_LENGTH, slab.end());
    assertEquals(slab.end(), scanner(bytes).endOfChain(START, slab.end()));
    assertEquals(List.of(), findings(bytes, slab.end()));
  }

  @Test
  void findsNothingOutOfOrderInGoodRecords() throws IOException {
    SegmentScanner scanner = scanner(image);
    scanner.scan(START, end);
    assertEquals(List.of(), scanner.findings());
    assertEquals(10, scanner.puts());
    assertEquals(end, scanner.endOfChain(START, end));
    assertEquals(end, scanner.endOfChain(START, image.length));
  }

  @Test
  void aDamagedHeaderCostsItsRecordAndNoMore() throws IOException {
    for (int i = 0; i < 10; i++) {
      int offset = offsets.get(i);
      byte[] bytes = damaged(image, offset + i);
      Finding finding = onlyOne(findings(bytes, end));
      assertEquals(offset, finding.offset());
      assertEquals(40, finding.length());
      assertEquals(offset, scanner(bytes).endOfChain(START, end));
      SegmentScanner scanner = scanner(bytes);
      scanner.scan(START, end);
      assertEquals(9, scanner.puts());
    }
  }

  @Test
  void aDamagedPayloadIsFoundWhereItsRecordBegins() throws IOException {
    for (int offset : offsets) {
      byte[] bytes = damaged(image, offset + RecordFormat.HEADER_LENGTH);
      Finding finding = onlyOne(findings(bytes, end));
      assertEquals(offset, finding.offset());
      assertEquals(34, finding.length());
      assertTrue(finding.what().contains("checksum of key and value"), finding.what());
      assertEquals(offset, scanner(bytes).endOfChain(START, end));
    }
  }

  private static Finding onlyOne(List<Finding> findings) {
    assertEquals(1, findings.size(), findings.toString());
    return findings.get(0);
  }

  @Test
  void everyDamageIsReportedAndTheScanGoesOnBehindIt() throws IOException {
    byte[] bytes = damaged(image, offsets.get(2) + 5);
    bytes = damaged(bytes, offsets.get(5) + RecordFormat.HEADER_LENGTH + 6);
    bytes = damaged(bytes, offsets.get(9));
    assertEquals(
        List.of((long) offsets.get(2), (long) offsets.get(5), (long) offsets.get(9)),
        findings(bytes, end).stream().map(Finding::offset).toList());
  }

  @Test
  void neighboursThatAreDamagedAreOneFinding() throws IOException {
    byte[] bytes = image.clone();
    Arrays.fill(bytes, offsets.get(3), offsets.get(6), (byte) 0);
    Finding finding = onlyOne(findings(bytes, end));
    assertEquals((long) offsets.get(3), finding.offset());
    assertEquals(3 * 40, finding.length());
  }

  @Test
  void damageUpToTheEndIsOneFinding() throws IOException {
    byte[] bytes = image.clone();
    Arrays.fill(bytes, offsets.get(8), end, (byte) 0xff);
    Finding finding = onlyOne(findings(bytes, end));
    assertEquals((long) offsets.get(8), finding.offset());
    assertEquals(2 * 40, finding.length());
  }

  @Test
  void recordsBehindDamageAreVisited() throws IOException {
    byte[] bytes = damaged(image, offsets.get(0));
    bytes = damaged(bytes, offsets.get(7) + 20);
    List<Long> expected = new ArrayList<>(offsets.stream().map(Integer::longValue).toList());
    expected.remove(7);
    expected.remove(0);
    assertEquals(expected, visited(bytes, end));
  }

  @Test
  void onlyTheFirstThousandFindingsAreKept() throws IOException {
    Slab many = TestSegments.slab(1 << 17);
    while (TestSegments.put(many, "k", "v") >= 0) {}
    byte[] bytes = TestSegments.image(many, 1 << 17);
    for (int at = START; at < many.end(); at += 32) {
      bytes[at + RecordFormat.HEADER_LENGTH] ^= 1;
    }
    SegmentScanner scanner = scanner(bytes);
    scanner.scan(START, many.end());
    assertEquals(1000, scanner.findings().size());
    assertEquals((many.end() - START) / 32, scanner.puts());
  }

  @Test
  void whatARecordThatIsNotThereLeftIsNotVisited() throws IOException {
    byte[] bytes = image.clone();
    System.arraycopy(image, offsets.get(1), bytes, offsets.get(4), 40);
    List<Long> expected = new ArrayList<>(offsets.stream().map(Integer::longValue).toList());
    expected.remove(4);
    assertEquals(expected, visited(bytes, end));
  }

  @Test
  void aRecordCutShortIsNoRecord() throws IOException {
    for (int cut = offsets.get(9); cut < end; cut++) {
      byte[] bytes = TestSegments.cut(image, cut);
      assertEquals((long) offsets.get(9), scanner(bytes).endOfChain(START, cut), "cut at " + cut);
      assertEquals(9, visited(bytes, cut).size());
    }
    byte[] bytes = TestSegments.cut(image, end);
    assertEquals(end, scanner(bytes).endOfChain(START, end));
  }

  @Test
  void noCutLeavesAChainBeyondTheFile() throws IOException {
    for (int cut = START; cut < end; cut++) {
      long chain = scanner(TestSegments.cut(image, cut)).endOfChain(START, cut);
      assertTrue(chain <= cut, "the chain of a file of " + cut + " ends at " + chain);
    }
  }

  @Test
  void hostileLengthsLeadNowhere() throws IOException {
    long[] lengths = {0, 1, 23, 24, 40, 4096, 1 << 20, Integer.MAX_VALUE, 1L << 31, 0xFFFF_FFFFL};
    for (long length : lengths) {
      for (int keyLength : new int[] {0, 1, 8, 17, 4000, 0xFFFF}) {
        for (byte kind = 0; kind <= 5; kind++) {
          byte[] bytes = image.clone();
          TestSegments.putHeader(bytes, offsets.get(3), length, keyLength, kind);
          findings(bytes, end);
          findings(bytes, bytes.length);
          visited(bytes, end);
          long chain = scanner(bytes).endOfChain(START, end);
          assertTrue(chain >= offsets.get(3) && chain <= end, "chain up to " + chain);
          scanner(bytes).furthestMark(START, bytes.length);
        }
      }
    }
  }

  @Test
  void aHeaderAtTheVeryEndIsNotReadBeyondIt() throws IOException {
    for (int length = START; length < 3 * 40; length++) {
      byte[] bytes = TestSegments.cut(image, length);
      findings(bytes, length);
      visited(bytes, length);
      assertEquals(0, scanner(bytes).furthestMark(START, length));
    }
  }

  @Test
  void theFurthestMarkBehindABreakIsFound() throws IOException {
    TestSegments.mark(slab, 464);
    int second = TestSegments.mark(slab, 496);
    TestSegments.mark(slab, 300);
    byte[] bytes = TestSegments.image(slab, Disk.BLOCK);
    assertEquals(496, scanner(bytes).furthestMark(START, bytes.length));
    assertEquals(496, scanner(bytes).furthestMark(second, bytes.length));
    assertEquals(300, scanner(bytes).furthestMark(second + 1, bytes.length));
    assertEquals(0, scanner(bytes).furthestMark(slab.end(), bytes.length));
    assertEquals(300, scanner(damaged(bytes, second + 30)).furthestMark(490, bytes.length));
  }

  @Test
  void aMarkAtTheVeryEndCounts() throws IOException {
    int at = TestSegments.mark(slab, 1234);
    byte[] bytes = TestSegments.image(slab, slab.end());
    assertEquals(1234, scanner(bytes).furthestMark(START, bytes.length));
    byte[] cut = TestSegments.cut(bytes, at + 31);
    assertEquals(0, scanner(cut).furthestMark(START, cut.length));
  }

  @Test
  void aMarkThatIsSomeonesValueDoesNotCount() throws IOException {
    int at = TestSegments.mark(slab, 4000);
    byte[] mark = Arrays.copyOfRange(TestSegments.image(slab, Disk.BLOCK), at, at + 32);
    TestSegments.append(slab, RecordFormat.PUT, TestSegments.bytes("12345678"), mark);
    byte[] bytes = TestSegments.image(slab, Disk.BLOCK);
    assertEquals(0, scanner(bytes).furthestMark(at + 32, bytes.length));
  }

  @Test
  void aVoidRecordIsWholeWhateverIsInIt() throws IOException {
    int at = TestSegments.refused(slab, "refused", "value");
    byte[] bytes = damaged(TestSegments.image(slab, Disk.BLOCK), at + 30);
    assertEquals(slab.end(), scanner(bytes).endOfChain(START, bytes.length));
    assertEquals(List.of(), findings(bytes, slab.end()));
    assertEquals(10, visited(bytes, slab.end()).size());
  }

  @Test
  void headersAloneMakeAChainToo() throws IOException {
    byte[] bytes = damaged(image, offsets.get(4) + RecordFormat.HEADER_LENGTH);
    assertEquals(end, scanner(bytes).endOfHeaders(START, end));
    assertEquals((long) offsets.get(4), scanner(bytes).endOfChain(START, end));
  }

  @Test
  void findingsCannotBeChanged() throws IOException {
    List<Finding> findings = findings(damaged(image, START), end);
    assertThrows(UnsupportedOperationException.class, findings::clear);
  }

  @Test
  void aSlabIsScannedLikeAFile() {
    SegmentScanner scanner = new SegmentScanner(slab, SALT);
    assertEquals(end, scanner.endOfChain(START, slab.size()));
  }

  @Test
  void aWalkOverWhatIsNoRecordEndsInsteadOfGoingOnForEver() throws IOException {
    MappedSegment mapped = map(image);
    assertThrows(
        IllegalStateException.class,
        () -> RecordVisitor.walk(mapped, START, end + 8, (kind, key, at, length, sequence) -> {}));
  }
}
