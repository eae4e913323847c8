package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
)

// A receipt handle names a queue, a message and one receive of it, with a checksum that tells it from any other text.
const receiptBytes = 1 + 3*8 + 4

const receiptVersion = 1

var receiptEncoding = base64.URLEncoding

func appendReceipt(out []byte, queue, seq, nonce uint64) []byte {
	var b [receiptBytes]byte
	b[0] = receiptVersion
	binary.LittleEndian.PutUint64(b[1:], queue)
	binary.LittleEndian.PutUint64(b[9:], seq)
	binary.LittleEndian.PutUint64(b[17:], nonce)
	binary.LittleEndian.PutUint32(b[25:], crc32.ChecksumIEEE(b[:25]))
	return receiptEncoding.AppendEncode(out, b[:])
}

func parseReceipt(handle []byte) (queue, seq, nonce uint64, ok bool) {
	var b [receiptBytes + 3]byte
	if len(handle) != receiptEncoding.EncodedLen(receiptBytes) {
		return 0, 0, 0, false
	}
	n, err := receiptEncoding.Decode(b[:], handle)
	if err != nil || n != receiptBytes || b[0] != receiptVersion || binary.LittleEndian.Uint32(b[25:]) != crc32.ChecksumIEEE(b[:25]) {
		return 0, 0, 0, false
	}
	return binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[9:]), binary.LittleEndian.Uint64(b[17:]), true
}
