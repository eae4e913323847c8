package format

import "io"

// readCSV reads a shop's own table by Options.Map: orders where it names order_id, otherwise people.
func readCSV(r io.Reader, o Options, sink Sink) error {
	m, err := parseMapping(o.Map)
	if err != nil {
		return err
	}
	s, err := openSheet(r, o, sink)
	if err != nil {
		return err
	}
	if err := s.use(m); err != nil {
		return err
	}
	if m.orders() {
		return readSales(s, shopStyle{group: "order_id"}, o)
	}
	return readPeople(s, o)
}
