/* The report's page, a file of web/dist, inside the program. */
    .section .rodata
    .globl engine_report_page
    .hidden engine_report_page
    .globl engine_report_page_end
    .hidden engine_report_page_end
engine_report_page:
    .incbin REPORT_PAGE
engine_report_page_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
