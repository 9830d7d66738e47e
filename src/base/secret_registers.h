/*
 * secret_registers: private to secret.c.
 */
#ifndef SECRET_REGISTERS_H
#define SECRET_REGISTERS_H

/*
 * Zero all vector registers that this processor has and that functions may
 * change (so all of them on x86-64), as far as their whole width is known here:
 * on x86-64 and 64-bit ARM. Elsewhere nothing.
 */
void secret_wipe_registers(void);

#endif
