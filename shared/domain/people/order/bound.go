package order

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/userops/userops/shared/domain/clip"
)

// maxCoupon is how many bytes are kept of a coupon's name, for which nothing asks but whether there is one.
const maxCoupon = 128

// refundKey is a refund_id as it is kept. Of a long one the beginning stays and a hash of the whole behind it: it is the same refund whoever
// names it, and no order grows with what somebody sends as an id.
func refundKey(id string) string {
	if len(id) <= MaxIDLength {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	end := "#" + hex.EncodeToString(sum[:8])
	return clip.To(id, MaxIDLength-len(end)) + end
}

// Limits of what is kept of one order. Money is never dropped: past MaxRefunds, refunds are summed into one.
const (
	MaxIDLength = 128
	MaxProducts = 50
	MaxRefunds  = 64
)
