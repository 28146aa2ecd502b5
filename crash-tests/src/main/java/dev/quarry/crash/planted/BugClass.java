package dev.quarry.crash.planted;

/** The kinds of mistakes that a store of this kind dies of. */
enum BugClass {
  SYNC_RETRIED("sync error then retry"),
  DIRECTORY_SYNC_MISSING("missing directory sync after create or rename"),
  LOG_DELETED_EARLY("log deleted before its segment is durable"),
  TOMBSTONE_DROPPED("tombstone dropped while an older put remains"),
  STALE_RELOCATION("relocation of a stale version"),
  SEQUENCE_REGRESSION("sequence regression"),
  DAMAGE_TAKEN_FOR_TORN_TAIL("damage taken for a torn tail"),
  PARTIAL_RECORD_ACCEPTED("stale or partial record accepted"),
  ACKNOWLEDGED_EARLY("group commit acknowledging too early or too widely"),
  RECOVERY_NOT_IDEMPOTENT("recovery not idempotent"),
  DISK_FULL("full disk mid-flush or mid-compaction"),
  EVICTION_RACE("eviction racing delete or put"),
  LOST_ADD("filter or index swap losing an add"),
  MISPLACED_RECORD("collision or misplaced record"),
  USED_AFTER_UNMAPPING("reader outliving the unmapping of its segment"),
  VALUE_READ_TWICE("value whose bytes are read twice"),
  TWO_WRITERS("two writers of one store"),
  LISTING_CUT_SHORT("listing that is incomplete and does not say so"),
  SHORTAGE_MADE_FINAL("passing lack taken for a failure"),
  LEFT_BEHIND("memory, thread or class that outlives its store"),
  SETTING_IGNORED("bound or idle time that is not kept"),
  PLACE_MISJUDGED("place or system that is not what was expected"),
  UNTRUE_REPORT("command that reports what did not happen");

  private final String words;

  BugClass(String words) {
    this.words = words;
  }

  /**
   * The class that is called so.
   *
   * @throws IllegalArgumentException if there is none
   */
  static BugClass called(String words) {
    for (BugClass each : values()) {
      if (each.words.equals(words)) {
        return each;
      }
    }
    throw new IllegalArgumentException("there is no class of bugs called \"" + words + '"');
  }

  @Override
  public String toString() {
    return words;
  }
}
