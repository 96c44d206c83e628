// LongTail
