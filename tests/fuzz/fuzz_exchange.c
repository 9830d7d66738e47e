/*
 * fuzz_exchange: any bytes as the PRNG exchange file. An update leaves a file
 * of the right length, with nothing in it of what was there.
 */
#include "fuzz.h"

#include "exchange.h"
#include "xalloc.h"

#include <sys/stat.h>

#define ALIKE_LEN 16 /* bytes; that many are not the same by chance */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct exchange_file file;
	unsigned char after[EXCHANGE_FILE_LEN];
	char path[] = "/tmp/fuzz-exchange-XXXXXX";
	struct stat st;

	fuzz_begin(data, len);
	exchange_init(&file);
	file.path = xstrdup("fuzz");
	/* With a name, since one that was removed is not updated. */
	file.fd = mkstemp(path);
	fuzz_expect(write(file.fd, data, len) == (ssize_t)len);
	fuzz_expect(exchange_update(&file) == ERROR_NONE);
	fuzz_expect(fstat(file.fd, &st) == 0);
	fuzz_expect(st.st_size == EXCHANGE_FILE_LEN);
	fuzz_expect(
	    pread(file.fd, after, sizeof(after), 0) == (ssize_t)sizeof(after));
	for (size_t i = 0;
	     i + ALIKE_LEN <= len && i + ALIKE_LEN <= sizeof(after);
	     i += ALIKE_LEN)
		fuzz_expect(memcmp(after + i, data + i, ALIKE_LEN) != 0);
	unlink(path);
	exchange_close(&file);
	return 0;
}
